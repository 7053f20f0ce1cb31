//! Which key of a JSON log is which field: paths of keys in lower case without separators inside a key, with
//! wrappers left out (`http.request.method` and `httpRequest.requestMethod` become `request.method` and
//! `requestmethod`).

use std::sync::LazyLock;

use rustc_hash::FxHashMap;

use super::draft::Field;
use super::value::Unit;

/// What a key holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Key {
    Field(Field),
    Headers,
    ResponseHeaders,
    Body,
    ResponseBody,
}

/// Keys that only wrap others.
const WRAPPERS: [&str; 24] = [
    "http",
    "httprequest",
    "properties",
    "attributes",
    "fields",
    "data",
    "jsonpayload",
    "nginx",
    "access",
    "record",
    "records",
    "requestcontext",
    "transaction",
    "haproxy",
    "traefik",
    "apache",
    "apache2",
    "caddy",
    "kong",
    "envoy",
    "protopayload",
    "accesslog",
    "span",
    "result",
];

/// Adds a key to a path; dots inside it separate as nesting does.
pub(crate) fn push(path: &mut String, name: &str) {
    // Of a hit of Elasticsearch.
    if name == "_source" {
        return;
    }
    for part in name.split('.') {
        let start = path.len();
        let plain = part.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_lowercase());
        if start > 0 {
            path.push('.');
        }
        let from = path.len();
        path.extend(plain);
        if WRAPPERS.contains(&&path[from..]) || path.len() == from {
            path.truncate(start);
        }
    }
}

/// What the key at a path holds.
pub(crate) fn find(path: &str) -> Option<&'static Key> {
    TABLE.get(path)
}

static TABLE: LazyLock<FxHashMap<&'static str, Key>> = LazyLock::new(|| {
    let fields = requests().into_iter().chain(answers()).chain(ends()).chain(times());
    let mut table: FxHashMap<&str, Key> = FxHashMap::default();
    for (names, field) in fields {
        table.extend(names.split_ascii_whitespace().map(|name| (name, Key::Field(field.clone()))));
    }
    for (name, header) in HEADERS {
        let key = Key::Field(Field::Header(header.into()));
        table.extend(name.split_ascii_whitespace().map(|name| (name, key.clone())));
    }
    for (names, key) in [
        (
            "headers request.headers reqheaders requestheaders request.header clientrequestheaders req.headers requestheader",
            Key::Headers,
        ),
        (
            "respheaders responseheaders response.headers response.header res.headers resp.headers responseheader",
            Key::ResponseHeaders,
        ),
        ("requestbody reqbody request.body req.body request.body.content request.postdata.text", Key::Body),
        ("responsebody respbody response.body res.body resp.body response.body.content", Key::ResponseBody),
    ] {
        table.extend(names.split_ascii_whitespace().map(|name| (name, key.clone())));
    }
    table
});

fn requests() -> Vec<(&'static str, Field)> {
    vec![
        (
            "method requestmethod httpmethod verb httpverb reqmethod csmethod clientrequestmethod request.method req.method requestverb",
            Field::Method,
        ),
        (
            "request requestline httprequestline request.line requestfirstline request.requestline requestedurl",
            Field::RequestLine,
        ),
        ("originalrequesturiwithargs", Field::Target(5)),
        // The target as it was sent outranks what a proxy made of it.
        (
            "requesturi clientrequesturi request.uri requrl req.uri request.target target xenvoyoriginalpath",
            Field::Target(4),
        ),
        (
            "uri url requesturl req.url request.url url.original url.full request.originalurl originalurl xenvoyoriginpath path requestpath clientrequestpath request.path req.path httppath httpurl urlpath urloriginal csuri rawpath reqpath requesteduri httpuri",
            Field::Target(2),
        ),
        // What a gateway matched, where it says nothing else.
        ("resourcepath resource", Field::Target(0)),
        ("url.path csuristem uripath requesturipath", Field::Path),
        (
            "url.query csuriquery args query querystr querystring request.query request.querystring requestquery urlquery queryparams clientrequestquery requesturlquerystring uriparam",
            Field::Query,
        ),
        (
            "proto protocol serverprotocol requestprotocol request.proto request.protocol req.protocol httpversion version request.httpversion clientrequestprotocol csprotocolversion csversion request.version networkprotocolversion protocolversion",
            Field::Protocol,
        ),
        (
            "scheme requestscheme clientrequestscheme request.scheme url.scheme csprotocol xforwardedproto",
            Field::Scheme,
        ),
        (
            "sslenabled https sslprotocol tlsversion securityprotocol requestsslprotocol clientsslprotocol",
            Field::Encrypted,
        ),
        (
            "bytesreceived requestcontentsize request.body.bytes requestbodylen request.bodybytes requestbodysize contentlength",
            Field::RequestSize,
        ),
        ("requestaddr", Field::Host(1)),
        ("servername vhost virtualhost requestedservername sni url.domain hostheader", Field::Host(1)),
        (
            "host request.host req.host httphost requesthost authority clientrequesthost cshost reqhost domain domainname requestauthority",
            Field::Host(3),
        ),
        ("xhostheader", Field::Host(4)),
    ]
}

fn answers() -> Vec<(&'static str, Field)> {
    vec![
        (
            "status statuscode responsecode response.status response.statuscode res.status res.statuscode resp.status httpstatus httpstatuscode responsestatus responsestatuscode downstreamstatus edgeresponsestatus scstatus elbstatuscode code response.code resstatus response response.httpcode edgeresponsestatuscode returncode responsecodesent",
            Field::Status(3),
        ),
        (
            "upstreamstatus originstatus targetstatuscode originresponsestatus backendstatuscode",
            Field::Status(1),
        ),
        (
            "bodybytessent bytessent responselength responsebodylen downstreamcontentsize size response.body.bytes response.bodysize responsebodysize responsecontentlength sccontentlen edgeresponsebodybytes",
            Field::ResponseSize,
        ),
    ]
}

fn ends() -> Vec<(&'static str, Field)> {
    vec![
        (
            "clientip clientaddr cliip request.clientip req.clientip cip clientaddress client.ip client.address callerip callipaddress calleripaddress sourceip sourceipaddress source.ip source.address srcip remoteip",
            Field::Client(5),
        ),
        ("downstreamremoteaddress realclientip", Field::Client(6)),
        (
            "remoteaddr request.remoteip remote.ip id.origh request.remoteaddr req.remoteaddress remoteaddress remotehost remote ip peer networkpeeraddress netpeerip netsockpeeraddr clientipaddress identity.sourceip clientsocketaddress network.peer.address net.peer.ip ipclient remoteclient network.client.ip request.ip",
            Field::Client(3),
        ),
        ("client", Field::Client(1)),
        ("clienthost", Field::ClientList(6)),
        (
            "remoteport request.remoteport req.remoteport id.origp clientport cport source.port client.port clientsrcport srcport",
            Field::ClientPort,
        ),
        (
            "serveraddr serverip destip id.resph serveripaddress destination.ip server.ip server.address sip downstreamlocaladdress dstip",
            Field::Server(3),
        ),
        (
            "upstreamaddr upstreamhost upstreamip serviceaddr backendaddr originip targetaddr targetport",
            Field::Server(1),
        ),
        ("serverport destination.port destport id.respp server.port sport", Field::ServerPort),
    ]
}

fn times() -> Vec<(&'static str, Field)> {
    vec![
        (
            "startutc starttime reqtimesec startedat startlocal requesttimestamp edgestarttimestamp acceptdate request.time timestart startts starttimestamp starttimems requestcreationtime",
            Field::Time(5),
        ),
        (
            "timestamp ts time timeunixnano timelocal timeiso8601 msec datetime eventtime logtime  httptimestamp timestampms unixtime requesttimeepoch asctime timeepoch",
            Field::Time(3),
        ),
        ("t edgeendtimestamp", Field::Time(1)),
        ("date", Field::Date),
        (
            "requesttime durations durationsec durationseconds elapsedseconds requestdurationseconds responsetimes",
            Field::Duration(Unit::Seconds, 3),
        ),
        ("upstreamresponsetime", Field::Duration(Unit::Seconds, 1)),
        (
            "durationms latencyms elapsedms responsetimems timems latencies.request tookms requestdurationms latencymillis durationmillis responsetimemillis timetakenms requesttimems ta tt edgeresponsetime requesttimemsec",
            Field::Duration(Unit::Millis, 3),
        ),
        (
            "durationus durationmicros latencyus elapsedus durationmicroseconds timeelapsed",
            Field::Duration(Unit::Micros, 3),
        ),
        ("durationns durationnanos event.duration latencyns elapsedns", Field::Duration(Unit::Nanos, 3)),
        ("reqendtimemsec turnaroundtimemsec transfertimemsec", Field::DurationPart(Unit::Millis)),
        ("responsetime elapsed service elapsedtime took", Field::DurationText(1)),
    ]
}

/// Header fields that logs name beside the others.
const HEADERS: [(&str, &str); 9] = [
    (
        "useragent clientrequestuseragent ua csuseragent agent useragent.original request.useragent httpuseragent requestuseragent requestua",
        "user-agent",
    ),
    (
        "referer referrer clientrequestreferer csreferer request.referer request.referrer httpreferer httpreferrer",
        "referer",
    ),
    ("xforwardedfor forwardedfor fwd httpxforwardedfor", "x-forwarded-for"),
    ("xrealip httpxrealip", "x-real-ip"),
    ("xrequestid", "x-request-id"),
    ("cookie cscookie httpcookie", "cookie"),
    ("authorization httpauthorization", "authorization"),
    ("requestcontenttype contenttype", "content-type"),
    ("origin0 httporigin", "origin"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], expect: &str) {
        let mut path = String::new();
        names.iter().for_each(|name| push(&mut path, name));
        assert_eq!(path, expect);
    }

    #[test]
    fn paths() {
        check(&["http", "request", "method"], "request.method");
        check(&["http.request.method"], "request.method");
        check(&["httpRequest", "requestMethod"], "requestmethod");
        check(&["properties", "client-IP"], "clientip");
        check(&[":authority"], "authority");
        check(&["cs(User-Agent)"], "csuseragent");
    }

    #[test]
    fn no_name_stands_twice() {
        let mut seen = FxHashMap::default();
        let fields = requests().into_iter().chain(answers()).chain(ends()).chain(times());
        for (names, _) in fields.chain(HEADERS.map(|(names, _)| (names, Field::Ignored))) {
            for name in names.split_ascii_whitespace() {
                assert!(seen.insert(name, ()).is_none(), "{name}");
            }
        }
    }
}
