//! What every site sees besides its users: health checks, metrics, crawlers, addresses that do not exist, and a
//! scanner that walks through a list of paths. Planted: an actuator that answers everybody.

use model::Scheme;
use serde_json::json;

use super::ask::{Ask, ask};
use super::scene::{Scene, Site};

static BANK: Site = Site {
    host: "m.bank.example",
    scheme: Scheme::Https,
    server: "10.20.1.11:8443",
    software: "nginx/1.24.0",
};
static SHOP: Site =
    Site { host: "shop.example.com", scheme: Scheme::Https, server: "10.30.2.5:443", software: "openresty" };
static PARTNER: Site = Site {
    host: "api.old.example",
    scheme: Scheme::Https,
    server: "10.20.9.4:443",
    software: "Microsoft-IIS/7.5",
};

/// Paths that scanners ask for everywhere.
const SCANNED: &[&str] = &[
    "/.env",
    "/.git/config",
    "/wp-login.php",
    "/wp-admin/",
    "/phpmyadmin/index.php",
    "/admin.php",
    "/backup.zip",
    "/config.json",
    "/server-status",
    "/.DS_Store",
    "/api/swagger.json",
    "/v2/api-docs",
    "/swagger-ui.html",
    "/solr/admin/info/system",
    "/jenkins/login",
    "/manager/html",
    "/console/login",
    "/.aws/credentials",
    "/db.sql",
    "/dump.sql",
    "/web.config",
    "/id_rsa",
    "/old/",
    "/test.php",
    "/info.php",
    "/shell.php",
    "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php",
    "/cgi-bin/luci",
    "/boaform/admin/formLogin",
    "/api/v1/users",
    "/api/v2/users",
    "/api/users/1",
    "/api/internal/config",
    "/graphiql",
    "/hudson",
    "/struts/",
    "/owa/auth/logon.aspx",
    "/remote/login",
    "/cgi-bin/.%2e/.%2e/bin/sh",
    "/?page=../../../../etc/passwd",
];
const MISSING: &[&str] = &[
    "/apple-touch-icon.png",
    "/apple-touch-icon-precomposed.png",
    "/sitemap.xml",
    "/ads.txt",
    "/old-catalogue.pdf",
];
const SCANNER: &str = "Mozilla/5.0 zgrab/0.x";
const NOT_FOUND: &str =
    "<html><head><title>404 Not Found</title></head><body><h1>404 Not Found</h1></body></html>";

pub(super) fn play(scene: &mut Scene) {
    for site in [&BANK, &SHOP, &PARTNER] {
        health(scene, site);
    }
    for (site, client) in [(&SHOP, "198.51.100.199"), (&BANK, "198.51.100.199"), (&PARTNER, "203.0.113.240")]
    {
        scanner(scene, site, client);
    }
    metrics(scene);
    lost(scene);
}

/// A balancer asks every minute.
fn health(scene: &mut Scene, site: &'static Site) {
    let up = json!({"status": "UP"});
    let mut visit = scene.visit(site, "10.0.0.9", "HealthChecker/2.0", scene.start() + 7_000_000);
    while visit.now < scene.end {
        let at = visit.now;
        scene.send(&mut visit, ask("GET", "/healthz", &[]).json(200, &up).took(2), 1);
        visit.now = at;
        visit.wait_ms(60_000);
    }
}

fn not_found(ask: Ask) -> Ask {
    ask.noise().text(404, "text/html", NOT_FOUND).took(4)
}

fn scanner(scene: &mut Scene, site: &'static Site, client: &str) {
    let at = scene.at_local(5, 5);
    let mut visit = scene.visit(site, client, SCANNER, at);
    for path in SCANNED {
        scene.send(&mut visit, not_found(ask("GET", "{path}", &[path])), 120);
        if scene.rng.chance(35) {
            let variant = format!("/{}{path}", scene.rng.pick(&["api", "app", "portal", "m"]));
            scene.send(&mut visit, not_found(ask("GET", "{path}", &[&variant])), 120);
        }
    }
    let probe = ask("POST", "{path}", &["/api/v1/exec"]).noise().send(&json!({"cmd": "id"}));
    scene.send(&mut visit, probe.text(404, "text/html", NOT_FOUND), 200);
}

/// The actuator of the shop: read by the monitoring, and by a stranger who guessed it.
fn metrics(scene: &mut Scene) {
    let env = json!({"activeProfiles": ["prod"], "propertySources": [{"name": "systemProperties", "properties": {
        "java.version": {"value": "17.0.9"}, "spring.datasource.url": {"value": "jdbc:mysql://10.30.4.8:3306/shop"},
        "spring.datasource.username": {"value": "shop_rw"}, "spring.datasource.password": {"value": "******"}}}]});
    for hour in 0..24 {
        let at = scene.at_local(hour, 30);
        let mut visit = scene.visit(&SHOP, "10.0.0.12", "Prometheus/2.55.1", at);
        let text = "# TYPE jvm_threads_live_threads gauge\njvm_threads_live_threads 87.0\n";
        let request = ask("GET", "/actuator/prometheus", &[]);
        scene.send(&mut visit, request.text(200, "text/plain; version=0.0.4", text).took(11), 1_500);
        scene.send(&mut visit, ask("GET", "/actuator/env", &[]).json(200, &env).took(14), 1_000);
    }
    let at = scene.at_local(22, 3);
    let mut visit = scene.visit(&SHOP, "203.0.113.151", "curl/8.5.0", at);
    for _ in 0..3 {
        scene.send(&mut visit, ask("GET", "/actuator/env", &[]).json(200, &env).took(14), 20_000);
    }
}

/// Links that lead nowhere, and crawlers that follow them.
fn lost(scene: &mut Scene) {
    for i in 0..160 {
        let at = scene.moment();
        let client = format!("192.0.2.{}", 20 + i % 60);
        let mut visit = scene.visit(&SHOP, &client, "Mozilla/5.0 (compatible; ExampleBot/2.1)", at);
        let path = scene.rng.pick(MISSING);
        scene.send(&mut visit, not_found(ask("GET", "{path}", &[path])), 500);
        if i % 4 == 0 {
            let robots = ask("GET", "{path}", &["/robots.txt"]).noise();
            scene.send(&mut visit, robots.text(200, "text/plain", "User-agent: *\nDisallow: /api/\n"), 300);
        }
    }
}
