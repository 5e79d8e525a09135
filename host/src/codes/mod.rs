//! Every error code there is: here those of the host, in [`told`] those that plugins are told. A code, once released, keeps its
//! meaning for ever; `wharf explain` prints these tables.
//!
//! `WH10` command line and configuration · `WH11` manifest · `WH12` plugins · `WH13` data directory and store ·
//! `WH14` messages and platform · `WH20` identity · `WH21` routing · `WH22` admission and sizes · `WH23` the plugin's own
//! failures.

/// A stable error code with its explanation.
#[derive(Debug, PartialEq, Eq)]
pub struct Code {
    /// `WH` and four digits, or what a plugin is told.
    pub id: &'static str,
    /// A short name.
    pub title: &'static str,
    /// What it means, why it happens, what to do: plain text, a paragraph or two.
    pub explanation: &'static str,
}

/// The code with this id, in any case, with or without surrounding white space.
pub fn find(id: &str) -> Option<&'static Code> {
    let id = id.trim();
    ALL.iter().chain(told::ALL).copied().find(|code| code.id.eq_ignore_ascii_case(id))
}

macro_rules! codes {
    ($($name:ident = $id:literal, $title:literal, $explanation:literal;)*) => {
        $(pub static $name: Code = Code { id: $id, title: $title, explanation: $explanation };)*
        /// All codes of this table, in the order of their ids.
        pub static ALL: &[&Code] = &[$(&$name),*];
    };
}

pub mod told;

codes! {
    CONFIG_UNREADABLE = "WH1001", "configuration file cannot be read",
        "The configuration file does not exist, may not be read, or is not UTF-8. Name the file with --config, or write a \
         commented one to start from with `wharf config --default > wharf.toml`.";
    CONFIG_SYNTAX = "WH1002", "configuration is not TOML",
        "The file breaks the rules of TOML at the place named. Strings need quotes, tables stand in [brackets], and a key may \
         occur only once.";
    CONFIG_UNKNOWN_KEY = "WH1003", "unknown key in the configuration",
        "The configuration has a key that Wharf does not know. Unknown keys are errors, so that a slip of the pen never \
         silently switches a limit or a permission off. The message names the nearest key there is.";
    CONFIG_INVALID = "WH1004", "invalid value in the configuration",
        "A key of the configuration has a value of the wrong type or outside of what is allowed. The message says what is \
         expected. Durations are written \"250ms\", \"10s\", \"5m\", \"2h\" or \"7d\"; sizes \"512B\", \"64KiB\", \"16MiB\" or \"1GiB\".";
    CONFIG_MISSING_KEY = "WH1005", "missing key in the configuration",
        "A key that has no default is missing from the table named.";
    SECRET_UNREADABLE = "WH1006", "secret cannot be read",
        "A secret is referred to by file or by environment variable, and that file or variable cannot be read, or is empty. \
         Exactly one final newline of a file is dropped and nothing else. The secret itself is never printed.";
    USAGE = "WH1007", "wrong use of a command",
        "The command line is not one that Wharf knows (exit status 2), or what its arguments say does not fit together (exit \
         status 1). `wharf help <command>` shows its use.";
    ADDRESS_UNAVAILABLE = "WH1008", "address cannot be listened on",
        "Another program listens on the address already, the address is not one of this machine's, or the port needs rights \
         this user does not have. Choose another one in [listen].";
    IO = "WH1009", "reading or writing failed",
        "A file or the network failed in a way that Wharf cannot mend. The message carries the system's own words.";
    ISSUER_KEYS = "WH1010", "the keys of an issuer cannot be had",
        "Access tokens are checked with the public keys of their issuer, a JWK set (RFC 7517) that [issuers.<name>] names by \
         file or address. The file cannot be read, or holds no key that the issuer's `algorithms` allow. Keys of an address \
         are fetched while the host runs; when that fails it is logged, and those that are known stay. Until there are any, \
         tokens of that issuer are answered 503.\n\nThe app's developer asks again after `Retry-After`.\nThe operator looks at \
         the log for why they cannot be had.";
    TLS_UNUSABLE = "WH1011", "TLS certificate or key cannot be used",
        "The certificate of [listen.tls] cannot be read, is not PEM, or does not belong to its key. A host that runs keeps the \
         pair it has until both files hold a good one.";

    MANIFEST_MISSING = "WH1101", "the component carries no manifest",
        "A plugin is one file: its manifest, plugin.toml, is embedded in the component. Plugins written with the Rust SDK \
         embed it by `service!`; for others name the file with `wharf plugin install --manifest plugin.toml`.";
    MANIFEST_SYNTAX = "WH1102", "the manifest is not TOML",
        "plugin.toml breaks the rules of TOML at the place named.";
    MANIFEST_UNKNOWN_KEY = "WH1103", "unknown key in the manifest",
        "plugin.toml has a key that this version of Wharf does not know. The message names the nearest key there is.";
    MANIFEST_INVALID = "WH1104", "invalid value in the manifest",
        "A key of plugin.toml has a value of the wrong type or outside of what is allowed. The message says what is expected.";
    MANIFEST_MISSING_KEY = "WH1105", "missing key in the manifest",
        "A key that plugin.toml must have is missing from the table named.";
    MANIFEST_ROUTES = "WH1106", "manifest and code disagree about the routes",
        "The routes that the plugin's code declares and the [[routes]] of its manifest are not the same. What is in the \
         manifest decides who may call, so the two must agree: add the missing [[routes]] or remove the superfluous ones.";
    MANIFEST_CARRIED = "WH1107", "the component carries another manifest",
        "A component that carries a manifest is installed with that, and the one named by --manifest is not the same. Leave \
         it out to install what the plugin's author made, which `wharf plugin inspect` shows; whoever wants another one \
         changes plugin.toml and builds the plugin again.";

    PLUGIN_NOT_A_COMPONENT = "WH1201", "the file is not a WebAssembly component",
        "Wharf runs components (the component model), not core modules and not native code. Build a Rust plugin with \
         `cargo build --release --target wasm32-wasip2`.";
    PLUGIN_INVALID = "WH1202", "the component is not valid",
        "The component cannot be read, or cannot be linked: it has more parts than a call may have, or exports and imports of \
         other types than this host knows. The message carries the reason.";
    PLUGIN_NOT_GRANTED = "WH1203", "the component imports what its manifest does not declare",
        "Each `wharf:` import of a component must be declared under [permissions] of its manifest with a reason, so that an \
         admin sees what the plugin may do before it runs.";
    PLUGIN_UNSUPPORTED = "WH1204", "the component needs what this host does not have",
        "The component exports or imports an interface that this version of Wharf does not serve. It is refused rather than \
         run without it.";
    PLUGIN_TOO_LARGE = "WH1205", "the component is too large",
        "The component is larger than `max-component` in [runtime] of the configuration, 64 MiB unless it says otherwise; a \
         manifest that is larger is refused likewise.\n\nThe plugin's developer builds it for release and strips it: what \
         debuggers need is most of a large component.\nThe operator may raise `max-component`; the host starts anew with \
         it.";
    PLUGIN_COMPILE = "WH1206", "the component cannot be compiled",
        "The component's code is not valid, or uses a feature of WebAssembly that Wharf switches off: then the message is the \
         compiler's. Or compiling took too much: it happens in a process of its own with limits on memory, processor time and \
         time, because a small valid component can make a compiler ask for gigabytes, and the message says which limit was hit.";
    PLUGIN_UNKNOWN = "WH1207", "no such plugin",
        "No plugin of that id and version is installed. `wharf plugin list` shows what is.";
    PLUGIN_BOUND = "WH1208", "the plugin is in use",
        "A service of the configuration is bound to the plugin. Take the service out of the configuration and start a running \
         host anew, which reads there what is bound; or say --force, and the service has no plugin.";
    PLUGIN_DIFFERENT = "WH1209", "this version is installed with other contents",
        "A plugin's id and version name exactly one component for ever. The same version with other contents is refused; \
         raise the version in plugin.toml.";
    GRANT_MISSING = "WH1210", "the operator has not granted what the plugin needs",
        "The plugin's manifest says that it cannot work without something (a store, a secret, a host to call, a directory) that \
         the service bound to it does not grant. The message says what to add to which table of the configuration; `wharf plugin \
         inspect` shows all that a plugin asks for, and why.";
    PLUGIN_SWITCHED_OFF = "WH1211", "the component needs what the operator has not switched on",
        "Components of wasi:http 0.3 need a second engine, with the component model's async: a large part of the security \
         advisories for the engine was in that code, and a call costs more. So it exists only where the operator wants it: \
         `wasi-http-0-3 = true` in [runtime].";

    DATA_LOCKED = "WH1301", "the data directory is in use",
        "Another Wharf process holds the data directory. Only one may use it at a time; commands reach a running host through \
         its control socket, and wait some seconds for another command, or for a host that starts or stops. The message names \
         the process that was not done by then.";
    DATA_UNUSABLE = "WH1302", "the data directory cannot be used",
        "The data directory cannot be created, read or written; it is another user's, or others may write to it; its host key \
         is damaged; or it belongs to a newer version of Wharf. The message says which.";
    STORE_FAILED = "WH1303", "the store failed",
        "The database of the data directory reported an error. Nothing was answered as stored that is not.";
    CONTROL_FAILED = "WH1304", "the running host did not answer",
        "A host holds the data directory, but its control socket does not answer, or the connection broke. Nothing is known \
         of what became of the command; repeating it is safe.";

    MESSAGE_UNKNOWN = "WH1401", "no such message",
        "The service has no message of this id: it never had, or it was resolved so long ago that it is forgotten. \
         `wharf messages list` shows the messages there are.";
    MESSAGE_NOT_DEAD = "WH1402", "the message is not dead",
        "Only a message that was given up can be retried or dropped. All others go their way by themselves: a failed delivery is \
         tried again when its time has come.";
    PLATFORM_TOKEN = "WH1403", "the platform does not accept a service's access token",
        "The platform answers calls with the service's access token by an error about the token: it is unknown, expired, or of \
         another type. The service's messages rest until the platform accepts a token again; none is lost, and none of their \
         attempts is used up. Put a good token where `access-token` of the service points; it is read again at the next poll.";
    PLATFORM_ABSENT = "WH1451", "there is no platform in this host",
        "The command works on the embedded platform, and the configuration has none, or names one that is somewhere else. Write \
         `mode = \"embedded\"` in [platform] to have one.";
    PLATFORM_UNKNOWN = "WH1452", "the platform has no such record",
        "The embedded platform has no app or service of this key, or no letter of this id. Services of the configuration that \
         have a `security-key` appear by themselves; apps are made by `wharf platform app create`.";
    PLATFORM_REFUSED = "WH1453", "the platform refuses",
        "The embedded platform's own rules forbid it: keys are unique and for ever, an app subscribes to a service once, what \
         waits for a service cannot be cancelled, what others depend on cannot be removed. The message says which rule it was.";

    REFUSED = "WH2001", "the caller is not proven",
        "The request carries no valid proof of who is calling, and the route needs one. The cause is in the host's log only, \
         so that an answer never helps to forge a header.";
    BAD_CREDENTIALS = "WH2002", "the credentials are more than one, or malformed",
        "The request carries more than one credential (Ocean-Auth and Authorization, or Authorization twice), or an \
         Authorization header of the scheme Bearer that does not hold one token. Send exactly one of them. A token in the \
         query or in a form is not looked at.";
    FORBIDDEN = "WH2003", "the caller may not call this route",
        "The caller is proven, but the route needs another kind of caller (a user of an app where only the app has proven \
         itself, or another scheme), or a scope that the bearer token does not have.\n\nThe app's developer calls with what \
         the route needs: for `app-user` in the name of a user, for `bearer` with an access token; a scope that is missing \
         stands in WWW-Authenticate where a bearer called, and needs a token that has it.\nThe operator sees with `wharf \
         plugin inspect` what each route needs, and in the log what was missing, and makes tokens with `wharf token create \
         --scope`.\nThe plugin's developer decides what a route needs, by `auth` and `scopes` in plugin.toml.";
    TOKEN_UNKNOWN = "WH2004", "no such token",
        "No bearer token has this id. `wharf token list` shows the ids; tokens are forgotten 90 days after they expired or \
         were revoked.";
    NOT_SUBSCRIBED = "WH2005", "the app has not subscribed",
        "The app has cancelled its subscription to the back service, or the route serves only apps whose subscription the host \
         has handled (`subscribed = \"known\"` in the manifest) and it has handled none. Subscribe at the platform; `wharf \
         messages list` shows what has arrived.";

    CONSOLE_CLOSED = "WH2006", "the console is not open",
        "A console is opened by a link of the platform's, whose code is good for a minute; from then on a cookie keeps it open \
         until it is over or somebody logs out. The request came without that cookie, or with one that is unknown, over, or \
         another console's. Open the console from the platform.";
    AUTH_CODE_REFUSED = "WH2007", "the link does not open the console",
        "The auth code in the link is not one, or the platform did not accept it: it is older than a minute, was used before, \
         is not a code for consoles, or is one of an app that has not subscribed to the service. Open the console from the platform again. The host's log has the cause.";
    CROSS_SITE = "WH2008", "the request does not come from the console",
        "A console takes what changes things (any method but GET and HEAD) from its own pages only: Sec-Fetch-Site must be \
         same-origin and Origin the console's own, as far as the browser sends them, and one of them must be there. A proxy \
         before the host must pass Host on as it is, with the port.";
    AUTH_CODE_UNASKED = "WH2009", "the platform did not say whose link it is",
        "To open a console the host shows the link's auth code to the platform. That could not be reached, did not answer in time, \
         or refused this service. The host's log has the cause; the same link may work a moment later.";

    NO_SERVICE = "WH2101", "no such service",
        "No back service has this host name or key. Services are addressed by their own host name, or below /s/<service-key>/.";
    NO_ROUTE = "WH2102", "no such route",
        "The back service was found, and its plugin has no route of this path. Paths count in their whole length, with \
         capitals and final slashes as they are, below /s/<service-key> or the service's own host name; routes of a console \
         are only at the console's own host name.\n\nThe app's developer compares the path with the routes, which `wharf \
         plugin inspect` shows the operator. Where a route is missing, the plugin's developer adds the function to \
         `service!` and a [[routes]] to plugin.toml; where a version has it that is not the one that runs, the operator \
         installs that.";
    NO_METHOD = "WH2103", "the route does not take this method",
        "The route exists, but not for this method; the header Allow names those it takes.";
    BAD_REQUEST = "WH2104", "the request is malformed",
        "The request cannot mean one thing only. Its path holds a segment `.` or `..`, a backslash or a control character, \
         plainly or percent-encoded (%2E%2E, %5C, %00), or an encoded slash (%2F), or is not validly percent-encoded UTF-8; \
         or it has no path: CONNECT and `OPTIONS *` are not for back services; or its header Host is missing, there twice, \
         or no host name; or the request target names a user, or on HTTP/2 another host than Host does; or the body has a transfer coding other than `chunked`, or \
         broke off before its end. At a console's link it is also a method other than GET, or a path that begins with two \
         slashes.\n\nThe app's developer resolves `.` and `..` before sending, as browsers do, \
         encodes what is put into a path, and leaves Host to the HTTP library.\nThe plugin's developer \
         leaves no place in a path for free text, such as a file's name with a slash in it: that belongs into the query or \
         the body.\nThe operator mends a proxy that rewrites paths, decoding them or adding dots; the host's log says which \
         of these it was.";
    NOT_READY = "WH2105", "no plugin runs for the service",
        "The service is configured, but its plugin is not installed, or could not be loaded. The host's log says why, and \
         so does /readyz.";
    BAD_NOTICE = "WH2106", "the notice names no message",
        "What the platform sends to a service's message address is {\"id\": \"…\"} with 24 hexadecimal digits, as JSON. Anything \
         else is not taken, and nothing was stored or fetched.";

    BODY_TOO_LARGE = "WH2201", "the request body is too large",
        "The request body is longer than the route accepts: `body-in` of what the plugin was granted, 8 MiB unless it asks \
         for more, or the route's own `body-limit` where that is smaller. Notices to a message address may have 1 KiB. The \
         log has the limit, and as far as it is known what was asked for.\n\nThe app's developer sends less at once.\nThe \
         plugin's developer asks for more by `body-in` in [limits] of plugin.toml, and raises the route's `body-limit` if \
         it has one; the operator raises the cap, `body-in` in [limits] or [services.<key>.limits] of the configuration.";
    HEADERS_TOO_LARGE = "WH2202", "the request headers are too large",
        "The request's headers are more than 64 KiB, or more than 100. No configuration changes that.\n\nThe app's \
         developer sends fewer and shorter ones; mostly it is cookies that have grown, or a token that holds too much.\nThe \
         operator looks whether a proxy adds to them.";
    CALLER_BUDGET = "WH2203", "the caller has used up its budget",
        "The caller (an app, each of its users, or else an address) sends more requests to the service than `caller-rate` of \
         [runtime] allows in the long run, and `caller-burst` at once; at a console's link, more auth codes. Retry-After says \
         when to come back.\n\nThe app's developer waits for that long, and asks less often: what several users need is \
         fetched once.\nThe plugin's developer offers one route for what apps ask for in many.\nThe operator sees the callers \
         in the log, and raises `caller-rate` and `caller-burst`.";
    NO_PERMIT = "WH2204", "the service is busy",
        "All permits of the plugin (`concurrency`), or of the host (`max-calls` of [runtime]), are taken, and none came \
         free within `wait`; or too many wait already. Retry-After says when to come back.\n\nThe app's developer repeats \
         the request after that time, and longer with each attempt.\nThe plugin's developer makes calls shorter, above all \
         those that wait for other servers, or asks for more `concurrency` in [limits] of plugin.toml.\nThe operator sees \
         in `wharf_service_permits` and `wharf_pool_permits` of /metrics which of the two it was, and raises the cap of \
         `concurrency`, `max-calls` or `wait`, or gives the service a host of its own.";
    SLOW_BODY = "WH2205", "the request body came too slowly",
        "The client took longer over the request body than `body-timeout` allows, or sent less of it per second than \
         `min-body-rate` asks for.\n\nThe app's developer sends the body without pauses, in smaller pieces over a slow \
         line, and repeats the request.\nThe operator may change both keys in [listen]; where a proxy stands before the \
         host, it is the proxy's pauses that count, and having it take the whole body first ends them.";
    NOTICE_RATE = "WH2206", "too many notices",
        "The message address of the service is sent more notices than it takes. What they announced is found all the same, a \
         little later, because the host asks the platform at times.";

    GUEST_FAILED = "WH2301", "the plugin failed",
        "The plugin returned an error instead of a response. The host's log has its code and message under the request id \
         of the answer.\n\nThe app's developer repeats the request where the answer has a Retry-After, and else gives the \
         request id to whoever runs the service.\nThe operator looks in the log whether the plugin lacks something: a \
         store, another server, a setting.\nThe plugin's developer answers what a caller can mend with a response of 4xx; \
         errors are for what the caller can do nothing about.";
    GUEST_TRAPPED = "WH2302", "the plugin crashed",
        "The plugin panicked or trapped, or its stack overflowed. The host's log has the panic's text and the functions of the \
         plugin under the request id of the answer. No other call notices.\n\nThe app's developer gives the request id to \
         whoever runs the service: the same request would most likely fail again.\nThe operator passes the lines of the log \
         on to the plugin's developer, and may go back to the version before by installing it again.\nThe plugin's \
         developer mends what panicked; for a stack that overflowed it is recursion without an end. Where the log says \
         `out of bounds memory access`, the call has most likely used up the stack that the plugin is linked with \
         (`stack-size`), by recursion or by large local values: he keeps these on the heap, or raises that size.";
    GUEST_WALL = "WH2303", "the plugin took too long",
        "The call was not done in time: `wall` of what the plugin was granted, 10 s unless it asks for more, or the route's \
         own `timeout` where that is shorter. It counts from admission until the plugin has returned or finished its reply; \
         waiting for other servers counts, and so does waiting for the processor, and for a client that takes a streamed \
         reply slowly. The log has the limit.\n\nThe app's developer repeats the request where that does no harm: the call \
         may have got half way.\nThe plugin's developer waits for other servers for less long, or asks for more by `wall` \
         in [limits] of plugin.toml, and raises the route's `timeout` if it has one.\nThe operator raises the cap, `wall` \
         in [limits] or [services.<key>.limits] of the configuration, or looks whether the machine is too busy.";
    GUEST_CPU = "WH2304", "the plugin used too much processor time",
        "The call used more processor time than `cpu` of what the plugin was granted, 1 s unless it asks for more. Waiting \
         does not count. The log has the limit.\n\nThe app's developer asks for less at once.\nThe plugin's developer looks \
         for a loop without an end, does less in one call, or asks for more by `cpu` in [limits] of plugin.toml.\nThe \
         operator raises the cap, `cpu` in [limits] or [services.<key>.limits] of the configuration.";
    GUEST_MEMORY = "WH2305", "the plugin used too much memory",
        "The call's memories and tables together grew over `memory` of what the plugin was granted, 64 MiB unless it asks \
         for more, or one table over 20000 elements. The log has what was asked for and what is allowed.\n\nThe app's \
         developer sends or asks for less at once.\nThe plugin's developer reads and answers in pieces rather than as a \
         whole, or asks for more by `memory` in [limits] of plugin.toml.\nThe operator raises the cap, `memory` in [limits] \
         or [services.<key>.limits] of the configuration.";
    GUEST_HOST_CALLS = "WH2306", "the plugin asked too much of the host",
        "The call made more host calls than `host-calls` of what the plugin was granted, 10000 unless it asks for more, \
         handed over more than 2 MiB with one of them (and as much more as `max-value` where it has stores), or held more \
         resources open than `handles`. The log names the limit.\n\nThe app's developer asks for less at once.\nThe \
         plugin's developer reads lists by the page and bodies by large pieces, writes in batches, streams what is large, \
         and closes what is done with; or asks for more by `host-calls` or `handles` in [limits] of plugin.toml.\nThe operator raises the cap of \
         the same name in [limits] or [services.<key>.limits] of the configuration.";
    GUEST_INVALID = "WH2307", "the plugin's response is not HTTP",
        "The plugin's response has a status, a header name or a header value that HTTP does not allow, or was given twice. \
         The host's log says which.\n\nIt is for the plugin's developer to mend: mostly a text from elsewhere was put into \
         a header as it was, with a line break in it.\nThe app's developer gives the request id of the answer to whoever \
         runs the service, and the operator passes the line of the log on.";
    GUEST_BODY_OUT = "WH2308", "the plugin's response is too large",
        "The plugin's response body is longer than `body-out` of what the plugin was granted, 64 MiB unless it asks for \
         more; or the plugin hands on another server's, which is longer than `body-in`. Where its head was sent already, the \
         connection is cut instead of an answer. The log has the limit.\n\nThe \
         app's developer asks for less at once, for a page or a part of it.\nThe plugin's developer offers that, or asks \
         for more by `body-out` in [limits] of plugin.toml.\nThe operator raises the cap, `body-out` in [limits] or \
         [services.<key>.limits] of the configuration.";
    HOST_FAILED = "WH2399", "the host failed",
        "Something failed that should not. The host's log has the cause; please report it.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_ordered_unique_and_well_formed() {
        assert!(ALL.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert!(ALL.iter().all(|code| code.id.len() == 6 && code.id[2..].bytes().all(|byte| byte.is_ascii_digit())));
    }

    #[test]
    fn what_plugins_are_told_is_ordered_and_well_formed() {
        assert!(told::ALL.windows(2).all(|pair| pair[0].id < pair[1].id));
        let is_word = |word: &str| word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(told::ALL.iter().all(|code| code.id.split_once('.').is_some_and(|(of, what)| is_word(of) && is_word(what))));
    }

    #[test]
    fn a_code_is_found_in_any_case() {
        assert_eq!(find(" wh1204 "), Some(&PLUGIN_UNSUPPORTED));
        assert_eq!(find("kv.conflict"), Some(&told::KV_CONFLICT));
        assert_eq!(find("WH9999"), None);
    }
}
