//! `wharf ocean-auth`: make an Ocean-Auth header, or see what one says.
//!
//! The security key comes from a file and from nowhere else: arguments are visible to every user of the machine.

use std::{
    io::{self, Read},
    path::PathBuf,
    time::Duration,
};

use clap::{Args, Subcommand, ValueEnum, builder::NonEmptyStringValueParser};
use serde_json::json;

use super::output::Output;
use crate::{
    caller::AppUser,
    clock::Clock,
    codes,
    ocean_auth::{Forms, Identity, KeyEncoding, Policy, Settings},
    problem::{Problem, Problems},
    secret::{Secret, SecretRef},
    units,
};

/// How long a header lives unless told otherwise.
const LIFETIME: Duration = Duration::from_hours(1);

/// More than any header that is looked at, so that a longer one is refused as what it is.
const MAX_STDIN: u64 = 64 << 10;

/// Make an Ocean-Auth header, or see what one says.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Print the header value for an app, or for a user of an app.
    Mint(MintArgs),
    /// Print whom a header value proves, as JSON; exit with 1 and the reason if it proves nobody.
    Open(OpenArgs),
}

#[derive(Debug, Args)]
pub struct KeyArgs {
    /// The file that holds the service's security key. One final newline is dropped and nothing else.
    #[arg(long, value_name = "FILE")]
    key_file: PathBuf,
    /// How the legacy form reads a key beyond ASCII: as Node 6 and later does (utf8), or as Node 5 did (binary).
    #[arg(long, value_enum, default_value_t)]
    key_encoding: Encoding,
    /// The service's key; v2 headers are bound to it.
    #[arg(long, value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    service: Option<String>,
    /// The time to go by instead of the clock, in milliseconds since 1970.
    #[arg(long, value_name = "MS")]
    now: Option<u64>,
}

#[derive(Debug, Args)]
pub struct MintArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// The app's key.
    #[arg(long, value_name = "KEY", value_parser = NonEmptyStringValueParser::new())]
    app: String,
    /// The account id of the user who is logged in; without one the app calls on its own behalf.
    #[arg(long, value_name = "ID", requires = "auth_service", value_parser = NonEmptyStringValueParser::new())]
    user_id: Option<String>,
    /// The user's account name.
    #[arg(long, requires = "user_id", default_value = "", hide_default_value = true)]
    account: String,
    /// The name the user is shown by.
    #[arg(long, requires = "user_id", default_value = "", hide_default_value = true)]
    name: String,
    /// The key of the service that logged the user in.
    #[arg(long, value_name = "KEY", requires = "user_id", value_parser = NonEmptyStringValueParser::new())]
    auth_service: Option<String>,
    /// How long the header is valid, as in "90s", "1h" or "30d". One hour by default; a legacy header without a user is
    /// valid for ever by default.
    #[arg(long, value_name = "DURATION", value_parser = duration, conflicts_with = "expire_time")]
    expires: Option<Duration>,
    /// When the header stops being valid, in milliseconds since 1970.
    #[arg(long, value_name = "MS")]
    expire_time: Option<u64>,
    /// The form of the header; v2 needs --service.
    #[arg(long, value_enum, default_value_t)]
    form: Form,
}

#[derive(Debug, Args)]
pub struct OpenArgs {
    #[command(flatten)]
    key: KeyArgs,
    /// Accept the sample of the platform's guide, which forgets the comma behind appUserAccountId.
    #[arg(long)]
    missing_comma: bool,
    /// How far ahead an expiry may lie.
    #[arg(long, value_name = "DURATION", value_parser = duration, default_value = "31d")]
    max_lifetime: Duration,
    /// The header value, hex or v2; read from standard input if it is absent or `-`.
    header: Option<String>,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum Encoding {
    #[default]
    Utf8,
    Binary,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    #[default]
    Legacy,
    V2,
}

/// Runs the command and prints its result. Blocking.
///
/// Fails with [`codes::REFUSED`] if a header proves nobody, the cause in `why`; with [`codes::SECRET_UNREADABLE`] or
/// [`codes::CONFIG_INVALID`] if the key cannot be used; and with [`codes::USAGE`] or [`codes::IO`].
pub fn run(command: Command, out: &Output) -> Result<(), Problems> {
    match command {
        Command::Mint(args) => {
            let header = mint(&args)?;
            out.data(&header, &json!({ "header": header }));
        }
        Command::Open(args) => out.data_json(&caller(&open(args)?)),
    }
    Ok(())
}

fn mint(args: &MintArgs) -> Result<String, Problem> {
    let now_ms = args.key.now_ms();
    let user = args.user_id.as_ref().zip(args.auth_service.as_ref()).map(|(id, service)| AppUser {
        id: id.clone(),
        account: args.account.clone(),
        name: args.name.clone(),
        authenticated_by: service.clone(),
    });
    let needs_expiry = user.is_some() || args.form == Form::V2;
    let lifetime = args.expires.or_else(|| needs_expiry.then_some(LIFETIME));
    let expires_ms = match (args.expire_time, lifetime) {
        (None, Some(lifetime)) => Some(after(now_ms, lifetime)?),
        (expire_time, _) => expire_time,
    };
    let identity = Identity { app_key: args.app.clone(), user, expires_ms };
    match args.form {
        Form::Legacy => Ok(args.key.policy(Settings::default())?.mint_legacy(&identity)),
        Form::V2 => {
            args.key.demand_service()?;
            let mut nonce = [0; 12];
            getrandom::fill(&mut nonce)
                .map_err(|error| Problem::new(&codes::IO, "the system gives no random numbers").why(error))?;
            Ok(args.key.policy(Settings::default())?.mint_v2(&identity, now_ms, nonce))
        }
    }
}

fn open(args: OpenArgs) -> Result<Identity, Problem> {
    let header = match args.header {
        Some(header) if header != "-" => header.into_bytes(),
        _ => read(io::stdin())?,
    };
    if header.starts_with(b"v2.") {
        args.key.demand_service()?;
    }
    let settings = Settings {
        forms: Forms::Both,
        max_lifetime: args.max_lifetime,
        missing_comma: args.missing_comma,
        ..Settings::default()
    };
    args.key.policy(settings)?.open(&header, args.key.now_ms()).map_err(|reason| {
        Problem::new(&codes::REFUSED, "the header proves nobody")
            .why(reason)
            .fix("make one with `wharf ocean-auth mint`, or look at the key, --key-encoding and the clock")
    })
}

/// Bounded, because only the first few KiB can ever matter. One final newline is the shell's, as in a key file.
fn read(input: impl Read) -> Result<Vec<u8>, Problem> {
    let mut header = Vec::new();
    input
        .take(MAX_STDIN)
        .read_to_end(&mut header)
        .map_err(|error| Problem::new(&codes::IO, "the header cannot be read from standard input").why(error))?;
    Ok(Secret::from_file_content(header).expose().to_vec())
}

fn caller(identity: &Identity) -> serde_json::Value {
    let user = identity.user.as_ref().map(
        |user| json!({ "id": user.id, "account": user.account, "name": user.name, "authenticated_by": user.authenticated_by }),
    );
    json!({ "scheme": "ocean-auth", "app": { "key": identity.app_key }, "user": user, "expires_ms": identity.expires_ms })
}

impl KeyArgs {
    fn policy(&self, settings: Settings) -> Result<Policy, Problem> {
        let key = SecretRef::File(self.key_file.clone()).read("--key-file")?;
        let key_encoding = match self.key_encoding {
            Encoding::Utf8 => KeyEncoding::Utf8,
            Encoding::Binary => KeyEncoding::Binary,
        };
        let settings = Settings { key_encoding, ..settings };
        Policy::new(self.service.as_deref().unwrap_or_default(), &key, &settings)
            .map_err(|error| Problem::new(&codes::CONFIG_INVALID, "the key in `--key-file` cannot be used").why(error))
    }

    fn demand_service(&self) -> Result<(), Problem> {
        match self.service {
            Some(_) => Ok(()),
            None => Err(Problem::new(&codes::USAGE, "a v2 header is bound to one service, and none is named")
                .fix("add `--service <service-key>`")),
        }
    }

    fn now_ms(&self) -> u64 {
        self.now.unwrap_or_else(|| Clock::from_env().now_ms())
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    units::parse_duration(text).ok_or_else(|| "expected a whole number and ms, s, m, h or d, as in \"90s\"".to_owned())
}

fn after(now_ms: u64, lifetime: Duration) -> Result<u64, Problem> {
    let lifetime_ms = u64::try_from(lifetime.as_millis()).ok();
    lifetime_ms
        .and_then(|lifetime_ms| now_ms.checked_add(lifetime_ms))
        .ok_or_else(|| Problem::new(&codes::USAGE, "`--expires` leads beyond the end of time").fix("choose a shorter one"))
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Cli {
        #[command(subcommand)]
        command: Command,
    }

    struct KeyFile(tempfile::NamedTempFile);

    fn key_file(content: &str) -> KeyFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        KeyFile(file)
    }

    impl KeyFile {
        fn parse(&self, command: &str, args: &[&str]) -> Result<Command, clap::Error> {
            let key = ["wharf", command, "--now", "1440750000000", "--key-file", self.0.path().to_str().unwrap()];
            Cli::try_parse_from(key.iter().chain(args)).map(|cli| cli.command)
        }

        fn mint(&self, args: &[&str]) -> Result<String, Problem> {
            match self.parse("mint", args).unwrap() {
                Command::Mint(args) => mint(&args),
                Command::Open(_) => unreachable!(),
            }
        }

        fn open(&self, args: &[&str]) -> Result<serde_json::Value, Problem> {
            match self.parse("open", args).unwrap() {
                Command::Mint(_) => unreachable!(),
                Command::Open(args) => open(args).map(|identity| caller(&identity)),
            }
        }
    }

    const ANONYMOUS: &str = "35da5f73768ec56c143fb6ebf6f72f9da1653db1a6b8f8c6ec399bf789dd4b8db04aa22ae976ed53c6ab00ff4d13ba44";

    #[test]
    fn a_header_is_made_and_opened() {
        let key = key_file("sample_signKey\n");
        assert_eq!(key.mint(&["--app", "sample_app"]).unwrap(), ANONYMOUS);
        let anonymous = json!({"scheme": "ocean-auth", "app": {"key": "sample_app"}, "user": null, "expires_ms": null});
        assert_eq!(key.open(&[ANONYMOUS]).unwrap(), anonymous);

        let user = ["--app", "a", "--user-id", "7", "--account", "z@weibo", "--name", "张三", "--auth-service", "weibo"];
        let expected = |expires_ms: u64| {
            json!({
                "scheme": "ocean-auth", "app": {"key": "a"}, "expires_ms": expires_ms,
                "user": {"id": "7", "account": "z@weibo", "name": "张三", "authenticated_by": "weibo"},
            })
        };
        assert_eq!(key.open(&[&key.mint(&user).unwrap()]).unwrap(), expected(1_440_753_600_000));
        for (more, expires_ms) in
            [(["--expires", "2d"], 1_440_922_800_000), (["--expire-time", "1440750000001"], 1_440_750_000_001)]
        {
            let header = key.mint(&[&user[..], &more].concat()).unwrap();
            assert_eq!(key.open(&[&header]).unwrap(), expected(expires_ms));
        }
    }

    #[test]
    fn a_v2_header_needs_a_service_and_always_expires() {
        let key = key_file("sample_signKey");
        let args = ["--app", "a", "--form", "v2"];
        assert_eq!(key.mint(&args).unwrap_err().code, &codes::USAGE);
        let args = [&args[..], &["--service", "user"]].concat();
        let header = key.mint(&args).unwrap();
        assert_ne!(header, key.mint(&args).unwrap(), "the nonce is fresh");
        assert_eq!(key.open(&[&header]).unwrap_err().code, &codes::USAGE);
        assert_eq!(key.open(&["--service", "user", &header]).unwrap()["expires_ms"], 1_440_753_600_000_u64);
        assert_eq!(key.open(&["--service", "mail", &header]).unwrap_err().why, "bad_tag");
    }

    #[test]
    fn a_refusal_says_why() {
        let key = key_file("sample_signKey");
        for (args, why) in [
            (&["zz"][..], "bad_hex"),
            (&[""], "missing_header"),
            (&[&key.mint(&["--app", "a", "--expires", "0s"]).unwrap()], "expired"),
            (&[&key.mint(&["--app", "a", "--expires", "60d"]).unwrap()], "too_far"),
        ] {
            let problem = key.open(args).unwrap_err();
            assert_eq!((problem.code, problem.why.as_str()), (&codes::REFUSED, why));
        }
        let far = key.mint(&["--app", "a", "--expires", "60d"]).unwrap();
        assert!(key.open(&["--max-lifetime", "60d", &far]).is_ok());
    }

    #[test]
    fn a_key_is_taken_verbatim_or_refused() {
        assert_eq!(key_file("sample_signKey\n\n").open(&[ANONYMOUS]).unwrap_err().why, "bad_padding");
        assert_eq!(key_file("\n").open(&[ANONYMOUS]).unwrap_err().code, &codes::SECRET_UNREADABLE);
        let bytes = key_file("");
        std::fs::write(bytes.0.path(), [0xff]).unwrap();
        assert_eq!(bytes.open(&["--key-encoding", "binary", ANONYMOUS]).unwrap_err().code, &codes::CONFIG_INVALID);
    }

    #[test]
    fn arguments_that_do_not_fit_together_are_refused() {
        let key = key_file("k");
        for args in [
            &["--app", ""][..],
            &["--app", "a", "--user-id", "7"],
            &["--app", "a", "--auth-service", "weibo"],
            &["--app", "a", "--account", "z"],
            &["--app", "a", "--expires", "1h", "--expire-time", "1"],
            &["--app", "a", "--expires", "1 h"],
            &["--app", "a", "--form", "v3"],
        ] {
            assert!(key.parse("mint", args).is_err(), "{args:?}");
        }
    }

    #[test]
    fn standard_input_loses_one_newline_and_is_bounded() {
        assert_eq!(read(&b"35da\r\n"[..]).unwrap(), b"35da");
        assert_eq!(read(&b"35da \n\n"[..]).unwrap(), b"35da \n");
        assert_eq!(read(io::repeat(b'0')).unwrap().len(), 64 << 10);
    }
}
