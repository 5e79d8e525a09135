//! What an operator grants that does nothing: no plugin asks for it, or it is denied all the same. Most often a slip in a name, and
//! then something else is not granted.

use super::http_out;
use crate::{
    config::Service,
    manifest::{Capability, Manifest},
};

/// A sentence for each such grant of the service to its plugin.
pub fn in_vain(manifest: &Manifest, service: &Service) -> Vec<String> {
    let asked = |fits: &dyn Fn(&Capability) -> bool| manifest.permissions.iter().any(|permission| fits(&permission.capability));
    let of_store =
        |name: &str| asked(&|asked| matches!(asked, Capability::Kv { stores, .. } if stores.iter().any(|own| own == name)));
    let of_shared =
        |name: &str| asked(&|asked| matches!(asked, Capability::Kv { shared, .. } if shared.iter().any(|own| own == name)));
    let of_secret = |name: &str| {
        let is_sent = service.http_out.inject.iter().any(|inject| inject.secret == name);
        is_sent || asked(&|asked| matches!(asked, Capability::Secrets { names } if names.iter().any(|own| own == name)))
    };
    let key = &service.key;
    let unasked = |table: &str, name: &str| {
        format!("`services.{key}.{table}` has `{name}`, which the plugin `{}` does not ask for", manifest.id)
    };
    let mut vain = Vec::new();
    vain.extend(service.kv.stores.iter().filter(|name| !of_store(name)).map(|name| unasked("kv.stores", name)));
    vain.extend(service.kv.shared.iter().filter(|name| !of_shared(name)).map(|name| unasked("kv.shared", name)));
    vain.extend(service.secrets.keys().filter(|name| !of_secret(name)).map(|name| unasked("secrets", name)));
    vain.extend(http_out::unasked(manifest, service).map(|host| unasked("http-out.hosts", host)));
    vain.extend(http_out::unreachable(service).map(|(host, why)| format!("`services.{key}.http-out.hosts` has `{host}`, {why}")));
    let whole = [
        ("data", service.data.is_some(), Capability::Data),
        ("app-users", service.app_users, Capability::AppUsers),
        ("apps", service.apps, Capability::Apps),
        ("mail", service.mail, Capability::Mail),
    ];
    let given = whole.into_iter().filter(|(_, given, capability)| *given && !asked(&|asked| asked == capability));
    vain.extend(
        given.map(|(name, ..)| format!("`services.{key}.{name}` is set, and the plugin `{}` does not ask for it", manifest.id)),
    );
    vain
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capabilities::tests::{manifest, service};

    const ASKS: &str = "[permissions.required.kv]\nstores = [\"notes\"]\nshared = [\"counts\"]\nreason = \"to keep notes\"\n\
                        [permissions.optional.secrets]\nnames = [\"token\"]\nreason = \"to send notes\"\n\
                        [permissions.optional.http-out]\nhosts = [\"*.example.com\", \"127.0.0.1\", \"10.1.2.3\", \"0.0.0.0\"]\nreason = \"to send\"\n";

    #[test]
    fn what_is_asked_for_and_can_be_used_is_no_mistake() {
        let service = service(
            "[services.notes.kv]\nstores = [\"notes\"]\nshared = [\"counts\"]\n[services.notes.secrets]\ntoken = { file = \"t\" }\n\
             sent = { file = \"s\" }\n[services.notes.http-out]\nhosts = [\"api.example.com\", \"127.0.0.1\"]\n\
             private = [\"127.0.0.1\"]\ninject = [{ host = \"api.example.com\", header = \"x\", secret = \"sent\" }]\n",
        );
        assert_eq!(in_vain(&manifest(ASKS), &service), [""; 0]);
    }

    #[test]
    fn each_grant_that_does_nothing_is_named() {
        let service = service(
            "data = \"d\"\nmail = true\n[services.notes.kv]\nstores = [\"note\", \"counts\"]\nshared = [\"notes\"]\n\
             [services.notes.secrets]\ntokn = { file = \"t\" }\n\
             [services.notes.http-out]\nhosts = [\"example.org\", \"10.1.2.3\", \"0.0.0.0\"]\nprivate = [\"0.0.0.0\"]\n",
        );
        let vain = in_vain(&manifest(ASKS), &service);
        let named: Vec<&str> = vain.iter().map(|sentence| sentence.split([',', ' ']).nth(2).unwrap_or_default()).collect();
        assert_eq!(
            named,
            ["`note`", "`counts`", "`notes`", "`tokn`", "`example.org`", "`10.1.2.3`", "`0.0.0.0`", "set", "set"],
            "{vain:#?}"
        );
        let told = |host: &str| vain.iter().find(|sentence| sentence.contains(host)).map_or("", |sentence| sentence);
        assert!(told("10.1.2.3").ends_with("unless `private` has it too"), "{vain:#?}");
        assert!(told("0.0.0.0").ends_with("an address of no single server: it is never called"), "{vain:#?}");
    }
}
