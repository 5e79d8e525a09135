//! What plugins are told: the `code` of the contract's `error`, and of the Rust SDK's own where a plugin passes them on.
//! `<capability>.<what>`; they stand in the log when a call fails by one.

use super::Code;

codes! {
    APP_USERS_DENIED = "app-users.denied", "the service may not keep users of apps",
        "The plugin may make and change users only where its manifest asks for `app-users` and the operator allows it. \
         `wharf plugin inspect` says what is asked for and granted.\n\nThe plugin's developer declares \
         [permissions.required.app-users] or [permissions.optional.app-users] in plugin.toml.\nThe operator sets \
         `app-users = true` in [services.<key>].";
    APP_USERS_INVALID = "app-users.invalid", "the user cannot be sent to the platform",
        "An id has not 24 hexadecimal digits, an account is empty, or a text is longer than 1 KiB. Nobody was asked. The \
         message says which; the plugin's developer checks it before he calls.";
    APP_USERS_REFUSED = "app-users.refused", "the platform refused",
        "The platform was asked and said no. The message begins with its own code, and the same call will be refused \
         again.";
    APP_USERS_UNAVAILABLE = "app-users.unavailable", "the platform cannot be asked now",
        "The platform did not answer in time, gave an answer that cannot be read, or does not take the service's access \
         token. The log says which. Whether a user was made or changed is unknown.\n\nThe plugin's developer answers 503, \
         or returns the error: the host does the same.\nThe operator looks at the log, and at [platform] of the \
         configuration.";
    APPS_DENIED = "apps.denied", "the service may not look up apps",
        "The plugin may look up apps only where its manifest asks for `apps` and the operator allows it. `wharf plugin \
         inspect` says what is asked for and granted.\n\nThe plugin's developer declares [permissions.required.apps] or \
         [permissions.optional.apps] in plugin.toml.\nThe operator sets `apps = true` in [services.<key>].";
    APPS_REFUSED = "apps.refused", "the platform refused",
        "The platform was asked and said no. The message begins with its own code, and the same call will be refused \
         again.";
    APPS_UNAVAILABLE = "apps.unavailable", "the platform cannot be asked now",
        "The platform did not answer in time, gave an answer that cannot be read, or does not take the service's access \
         token. The log says which.\n\nThe plugin's developer answers 503, or returns the error: the host does the \
         same.\nThe operator looks at the log, and at [platform] of the configuration.";
    BODY_GONE = "body.gone", "a body ended too early",
        "Who sent the body, the caller or another server, left before its end or sent too slowly. What was read is not \
         the whole of it.\n\nThe plugin's developer drops what he has read and returns the error: if it was the caller's \
         body, the caller is told the right thing.";
    BODY_TOO_LARGE = "body.too-large", "the request's body is larger than its route accepts",
        "The caller sent more than `body-limit` of the route, or than `body-in` of what the plugin was granted.\n\nThe \
         plugin's developer returns the error, and the caller gets a 413; or he raises `body-limit` of the route, if it \
         has one, and `body-in` in [limits] of plugin.toml, over which no route goes.\nThe operator raises the cap, \
         `body-in` in [limits] or [services.<key>.limits] of the configuration.";
    HTTP_OUT_DENIED = "http-out.denied", "the request to another server is not allowed",
        "The host or port is not among those that the plugin's manifest and the operator name, the method is not one of \
         the manifest's, or the address is one that needs `private`. Nor may a plugin follow a redirect to such a server, from \
         https to http, or after five others, nor send over http what the operator adds a secret to. The log has the \
         reason, and the table that would allow it where there is one.\n\nThe plugin's developer declares the host and \
         the method in [permissions.….http-out] of plugin.toml.\nThe operator names the host in `hosts` of \
         [services.<key>.http-out], and in `private` where it is on a network of his own.";
    HTTP_OUT_FAILED = "http-out.failed", "the other server could not be reached, or broke off",
        "The name has no address, nobody listens there, its certificate is not trusted, or the connection broke. The log \
         has the cause.\n\nThe plugin's developer tries again where that does no harm, or answers without it.";
    HTTP_OUT_INVALID = "http-out.invalid", "the request to another server cannot be sent",
        "The URL, the method or a header is not HTTP's, or is one that plugins may not send: another scheme than http and \
         https, a user name in the URL, too long a URL, too many headers. The message says which; it is for the plugin's \
         developer to mend.";
    HTTP_OUT_STATUS = "http-out.status", "the other server did not do what it was asked",
        "The code that the Rust SDK gives where a plugin wants a status of 200 to 299 (`Incoming::success`) and the other \
         server answered another one. The message has it.\n\nThe plugin's developer looks at the status himself where a \
         no is to be expected.";
    HTTP_OUT_TIMEOUT = "http-out.timeout", "the other server did not answer in time",
        "The head of the answer did not come within the request's timeout.\n\nThe plugin's developer gives the request \
         more time, within `wall` of the call, or answers without it.";
    HTTP_OUT_TOO_LARGE = "http-out.too-large", "the other server's body is too large",
        "The answer of the other server is larger than `body-in` of what the plugin was granted, or than the plugin's own \
         code takes at once (8 MiB of JSON with the Rust SDK, unless it names another limit).\n\nThe plugin's developer \
         asks for a part of it, reads it in pieces, or asks for more by `body-in` in [limits] of plugin.toml.\nThe \
         operator raises the cap of the same name in [limits] or [services.<key>.limits] of the configuration.";
    KV_CONFLICT = "kv.conflict", "somebody else has changed the key",
        "The write was made to depend on a version of the key, or on its absence, and that is not so any more. Nothing of \
         the batch was written.\n\nThe plugin's developer reads the key again, makes the change anew, and gives up after \
         a few attempts; for a value of JSON, `update_json` of the Rust SDK does so.";
    KV_DENIED = "kv.denied", "the service has no such store",
        "A store is there only where the plugin's manifest asks for it and the operator allows it. Stores of apps and \
         shared ones are two lists. `wharf plugin inspect` says what is asked for and granted.\n\nThe plugin's developer \
         names the store in `stores` or `shared` of [permissions.….kv] in plugin.toml.\nThe operator names it in the same \
         list of [services.<key>.kv].";
    KV_NO_APP = "kv.no-app", "the caller is no app",
        "`kv::store` is the calling app's own, and whoever calls is no app.\n\nThe plugin's developer demands one by \
         `auth = \"app\"` of the route, or takes a shared store.";
    KV_QUOTA = "kv.quota", "the stores of the service are full",
        "The write would make all stores of the service together larger than its `quota`. What makes them no heavier is \
         still written, and nothing of this batch was.\n\nThe plugin's developer removes what is not needed.\nThe \
         operator raises `quota` in [services.<key>.kv] of the configuration.";
    KV_TOO_LARGE = "kv.too-large", "a key, a value or a batch is too large",
        "A key has 1 to 512 bytes, a value at most `max-value` of the service, a batch at most 256 changes, and the \
         changes of one message have a bound of their own. The message says which it was. Nothing was written.\n\nThe \
         plugin's developer writes less at once.\nThe operator raises `max-value` in [services.<key>.kv], where it is \
         that.";
    KV_UNAVAILABLE = "kv.unavailable", "the host's store cannot be used now",
        "The host could not read or write its store; the log has the cause. Whether what was to be written is, nobody \
         knows.\n\nThe plugin's developer returns the error: the caller is told to come back. What is done then must do \
         no harm a second time.\nThe operator looks whether the disk is full, and starts the host again where /readyz \
         says that the store takes no writes.";
    LIMIT_HANDLES = "limit.handles", "too many resources are open at once",
        "The call holds as many bodies, writers, stores and responses open as `handles` of what the plugin was \
         granted.\n\nThe plugin's developer drops some first, or asks for more by `handles` in [limits] of \
         plugin.toml.\nThe operator raises the cap of the same name in [limits] or [services.<key>.limits] of the \
         configuration.";
    MAIL_DENIED = "mail.denied", "the service may not write mail",
        "The plugin may write mail only where its manifest asks for `mail` and the operator allows it. `wharf plugin \
         inspect` says what is asked for and granted.\n\nThe plugin's developer declares [permissions.required.mail] or \
         [permissions.optional.mail] in plugin.toml.\nThe operator sets `mail = true` in [services.<key>].";
    MAIL_FULL = "mail.full", "the outbox is full",
        "1,000 letters of the service wait in the outbox, or one message made it write more than 64.\n\nThe operator \
         sends what is there, and says so with `wharf platform outbox sent`.";
    MAIL_INVALID = "mail.invalid", "the letter cannot be sent",
        "Something of the letter is not as it must be: the receiver an address, the kind a word in lower case, the \
         subject one line of at most 256 bytes, the text at most 64 KiB, the link one of http or https. The message says \
         which it is; it is for the plugin's developer to mend.";
    MAIL_NO_APP = "mail.no-app", "the caller is no app",
        "Mail goes to users of the calling app, and whoever calls is no app.\n\nThe plugin's developer demands one by \
         `auth = \"app\"` of the route.";
    MAIL_UNAVAILABLE = "mail.unavailable", "the host's store cannot be used now",
        "The host could not write its outbox; the log has the cause. Whether the letter is in it, nobody knows.\n\nThe \
         plugin's developer returns the error: the caller is told to come back.\nThe operator looks whether the disk is \
         full, and starts the host again where /readyz says that the store takes no writes.";
    PLUGIN_FAILED = "plugin.failed", "the plugin's code failed",
        "The code that the Rust SDK gives to an error that is the plugin's own affair. The message is the error's; where \
         it was passed on with `?`, the log has the file and line of that.";
    PLUGIN_NO_ROUTE = "plugin.no-route", "the plugin has no handler for the route",
        "The manifest has a route that the plugin's code does not. The host refuses to install such a plugin, so only the \
         plugin's own tests meet it.";
    PLUGIN_SETTINGS = "plugin.settings", "the settings do not fit the plugin's type",
        "The code that the Rust SDK gives when the settings cannot be read into the type that the plugin asks for.\n\nThe \
         plugin's developer declares each setting of that type in [config] of plugin.toml, with a fitting type.";
    REPLY_GONE = "reply.gone", "nobody reads the reply any more",
        "The caller left before the streamed reply was finished. The plugin's developer stops writing; nothing has to be \
         told to anybody.";
    REPLY_INVALID = "reply.invalid", "the head of the reply is not HTTP",
        "The status, a header name or a header value is not one that HTTP allows, or there are too many headers. The \
         message says which; it is for the plugin's developer to mend.";
    REPLY_STARTED = "reply.started", "a reply was started twice",
        "A streamed reply can be started once in a call; it is for the plugin's developer to mend.";
    REPLY_TOO_LARGE = "reply.too-large", "the reply is too large",
        "The reply has become longer than `body-out` of what the plugin was granted, and is cut off.\n\nThe plugin's \
         developer offers a part of it, or asks for more by `body-out` in [limits] of plugin.toml.\nThe operator raises \
         the cap of the same name in [limits] or [services.<key>.limits] of the configuration.";
    SECRETS_DENIED = "secrets.denied", "the service has no such secret",
        "A secret is there only where the plugin's manifest asks for it and the operator gives one. `wharf plugin \
         inspect` says what is asked for and granted.\n\nThe plugin's developer names it in `names` of \
         [permissions.….secrets] in plugin.toml.\nThe operator gives it in [services.<key>.secrets].";
    SUBSCRIPTIONS_UNAVAILABLE = "subscriptions.unavailable", "the subscriptions cannot be read now",
        "The host could not read its store; the log has the cause.\n\nThe plugin's developer returns the error: the \
         caller is told to come back.\nThe operator looks whether the disk is full.";
}
