// Invented traffic of two sites for the mock backend, in the shapes of the generated types.
import type * as api from "../src/api/types";

const NOW = Date.now();
export const ago = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();

type Purpose = api.EndpointRow["purpose"];
type Spec = [string, string, string, Purpose, api.AuthVerdict, number, number, [string, number, boolean][]];

const SHOP = "shop.example.com";
const BANK = "bank.example.cn";

// host, method, template, purpose, auth, risk, calls, data (type, level, masked)
const SPECS: Spec[] = [
  [BANK, "POST", "/api/v1/login", "login", "none", 74, 18_402, [["PASSWORD", 5, false], ["CN_MOBILE", 3, false], ["JWT", 4, false]]],
  [BANK, "GET", "/api/v1/customers/{customer_id}", "query", "none", 92, 41_377, [["CN_ID_CARD", 4, false], ["CN_MOBILE", 3, false], ["PERSON_NAME", 3, false], ["ADDRESS", 3, false]]],
  [BANK, "GET", "/api/v1/customers", "search", "required", 68, 5_210, [["CN_ID_CARD", 4, true], ["CN_MOBILE", 3, false], ["PERSON_NAME", 3, false]]],
  [BANK, "POST", "/api/v1/transfers", "payment", "required", 41, 9_310, [["BANK_CARD", 4, false]]],
  [BANK, "GET", "/api/v1/accounts/{account_id}/statements", "query", "required", 38, 22_041, [["BANK_CARD", 4, true]]],
  [BANK, "POST", "/api/v1/sms-codes", "sms-code", "none", 52, 7_733, [["CN_MOBILE", 3, false]]],
  [BANK, "GET", "/actuator/env", "debug", "none", 81, 12, [["DB_CONN", 5, false]]],
  [SHOP, "GET", "/users/v1/{username}", "query", "mixed", 63, 3_165, [["EMAIL", 3, false]]],
  [SHOP, "GET", "/users/v1/_debug", "debug", "none", 88, 31, [["PASSWORD", 5, false], ["EMAIL", 3, false]]],
  [SHOP, "POST", "/users/v1/login", "login", "none", 57, 6_330, [["PASSWORD", 5, false], ["JWT", 4, false]]],
  [SHOP, "GET", "/books/v1/{book_title}", "query", "required", 24, 15_352, [["GENERIC_SECRET", 4, false]]],
  [SHOP, "GET", "/books/v1", "search", "none", 4, 28_128, []],
  [SHOP, "PUT", "/users/v1/{username}/password", "password-change", "required", 45, 118, [["PASSWORD", 5, false]]],
  [SHOP, "POST", "/graphql", null, "required", 18, 4_020, [["EMAIL", 3, false]]],
];

const SAMPLES: Record<string, string> = {
  PASSWORD: "********", CN_MOBILE: "138****5678", JWT: "eyJhbG****************Q9xA", CN_ID_CARD: "110101********8515",
  PERSON_NAME: "李*", ADDRESS: "北京市朝阳区****", BANK_CARD: "622202*********0018", DB_CONN: "jdbc:mysql://****",
  EMAIL: "ra****@example.com", GENERIC_SECRET: "sk_****9f",
};
const sample = (type: string): string => SAMPLES[type] ?? "****";
const id16 = (seed: number): string => (BigInt(seed + 7) * 0x9e3779b97f4a7c15n & 0xffffffffffffffffn).toString(16).padStart(16, "0");

export const endpoints: api.EndpointRow[] = SPECS.map(([host, method, template, purpose, auth, risk, calls, data], at) => ({
  id: id16(at), host, method, template, purpose,
  operation: template === "/graphql" ? "query viewer,orders" : null,
  style: template === "/graphql" ? "graphql" : "rest",
  exposure: host === BANK ? "open" : "internal",
  state: at % 5 === 1 ? "new" : at === 6 ? "dormant" : "active",
  confidence: 0.98, calls, errors: Math.round(calls * (0.01 + (at % 4) * 0.03)), clients: 3 + at * 17, accounts: at * 11,
  latency: { p50_us: 4_200 + at * 900, p95_us: 23_000 + at * 4_100, p99_us: 98_000, max_us: 1_204_000 },
  auth: { verdict: auth, kinds: auth === "none" ? [] : ["jwt"], succeeded_with: auth === "none" ? 0 : calls - 40, succeeded_without: auth === "none" ? calls : 0, denied: auth === "required" ? 37 : 0 },
  data: data.map(([type, level, masked]) => ({ type, level, masked, count: calls, in_request: type === "PASSWORD", in_response: type !== "PASSWORD" })),
  level: Math.max(0, ...data.filter(([, , masked]) => !masked).map(([, level]) => level)),
  risk: { score: risk, parts: risk < 10 ? [] : [
    { id: "finding", points: Math.round(risk * 0.5), detail: "sensitive-without-auth" },
    { id: "data", points: Math.round(risk * 0.3), detail: data[0]?.[0] ?? "" },
    { id: "exposure", points: risk - Math.round(risk * 0.5) - Math.round(risk * 0.3), detail: host === BANK ? "open" : "internal" },
  ] },
  open_findings: risk > 80 ? 2 : risk > 50 ? 1 : 0,
  first_seen: ago(60 * 24 * (at % 5 === 1 ? 1 : 40)), last_seen: ago(1 + at * 3),
}));

export const ref = ({ id, host, method, template, operation }: api.EndpointRow): api.EndpointRef => ({ id, host, method, template, operation });
const at = (index: number): api.EndpointRow => {
  const row = endpoints[index % endpoints.length];
  if (!row) throw new RangeError("no endpoints");
  return row;
};

const TEXTS: [string, api.Severity, string, string, string, string, string, string][] = [
  ["sensitive-without-auth", "critical", "Sensitive data without a credential", "无需凭证即可获取敏感数据",
    "{count} calls without any credential were answered with {types}. Whoever reaches the address reads the data.", "有 {count} 次未带凭证的调用得到了 {types}。任何能够访问该地址的人都可以读取数据。",
    "Ask for a credential on this API and check that the caller may see the object.", "为该接口启用认证，并校验调用者是否有权访问对应对象。"],
  ["password-in-response", "critical", "Password in a response", "响应中包含密码", "The answer carries {types} in clear.", "响应中以明文返回了 {types}。", "Leave the field out of the answer and change the passwords.", "从响应中移除该字段，并更换相关密码。"],
  ["login-without-limit", "high", "Login without rate limit", "登录接口未限制频率", "{count} failed logins in a row were not slowed down.", "连续 {count} 次登录失败未被限制。", "Slow down and lock after repeated failures.", "多次失败后应限速并锁定。"],
  ["enumerable-id", "high", "Identifiers can be counted through", "标识符可被遍历", "{count} neighbouring values were answered.", "{count} 个相邻取值均得到响应。", "Use identifiers that cannot be guessed and check ownership.", "使用不可猜测的标识符，并校验归属。"],
  ["jwt-weak", "medium", "Weak JSON Web Token", "JWT 强度不足", "The signature verifies with a known secret.", "签名可用已知弱密钥验证。", "Use a random secret of 256 bits and set an expiry.", "使用 256 位随机密钥并设置过期时间。"],
  ["verbose-error", "low", "Verbose error", "错误信息过于详细", "Error answers carry a stack trace.", "错误响应中包含调用栈。", "Answer errors with a code and log the details.", "错误响应只返回错误码，细节写入日志。"],
];
const text = (title: string, summary: string, advice: string) => ({ title, summary, why: "", advice });

export const rules: api.RuleList = {
  weaknesses: TEXTS.map(([id, severity, en, zh, whyEn, whyZh, doEn, doZh]) => ({ id, severity, owasp: ["API2:2023", "API3:2019"], cwe: ["CWE-306"], standards: ["GB/T 35273-2020 6.3"], en: text(en, whyEn, doEn), zh: text(zh, whyZh, doZh) })),
  data_types: [
    ["PASSWORD", 5, "Password", "密码"], ["CN_MOBILE", 3, "Mobile number", "手机号"], ["JWT", 4, "JSON Web Token", "JWT 令牌"], ["CN_ID_CARD", 4, "Resident identity number", "居民身份证号"],
    ["PERSON_NAME", 3, "Name", "姓名"], ["ADDRESS", 3, "Address", "地址"], ["BANK_CARD", 4, "Bank card number", "银行卡号"], ["DB_CONN", 5, "Database connection", "数据库连接串"], ["EMAIL", 3, "E-mail address", "电子邮箱"], ["GENERIC_SECRET", 4, "Secret", "密钥"],
  ].map(([id, level, name, zh]) => ({ id: String(id), level: Number(level), class: "personal", person: true, secret: false, name: String(name), name_zh: String(zh) })),
  purposes: [
    ["login", "Login", "登录"], ["query", "Query", "查询"], ["search", "Search", "搜索"], ["payment", "Payment", "支付"], ["sms-code", "SMS code", "短信验证码"], ["debug", "Debug", "调试"], ["password-change", "Password change", "修改密码"],
  ].map(([id, name, zh]) => ({ id: String(id), name: String(name), name_zh: String(zh) })),
};

const FOUND: [number, number][] = [[1, 0], [8, 1], [8, 0], [6, 0], [0, 2], [9, 2], [7, 3], [1, 3], [10, 4], [3, 5], [5, 5]];
export const findings: api.FindingRow[] = FOUND.map(([endpoint, rule], index) => {
  const [id, severity, en, zh] = TEXTS[rule] ?? ["", "info", "", "", "", "", "", ""];
  const on = at(endpoint);
  return {
    id: id16(100 + index), rule: id, family: "weakness", host: on.host, endpoint: ref(on), subject: null, severity, confidence: 0.95 - index * 0.03,
    title: `${en}: ${on.method} ${on.template}`, title_zh: `${zh}：${on.method} ${on.template}`,
    params: { count: String(on.calls), types: on.data.map((one) => one.type).join(", ") }, calls: on.calls,
    first_seen: ago(60 * 24 * 3), last_seen: ago(4 + index * 7), owasp: ["API2:2023"], cwe: ["CWE-306"], state: index === 9 ? "confirmed" : "open",
  };
});

const PEOPLE = ["wanfang78", "李秀英", "ralphwilliams51", "ogarcia84", "admin", "jie7364", "svc-report"];
export const accounts: api.AccountRow[] = PEOPLE.map((name, index) => ({
  id: `${index % 2 ? BANK : SHOP}/${name}`, host: index % 2 ? BANK : SHOP, name, how: index % 3 ? ["login", "session"] : ["jwt"],
  calls: 9_120 - index * 1_203, failed_logins: index === 4 ? 211 : index % 2, endpoints: 3 + index, data: ["CN_MOBILE", "EMAIL"], clients: 1 + index,
  first_seen: ago(60 * 24 * 30), last_seen: ago(2 + index * 31),
}));

const PATHS = ["/api/v1/login", "/api/v1/customers/100{n}", "/api/v1/customers?page={n}", "/api/v1/transfers", "/api/v1/accounts/62{n}/statements", "/api/v1/sms-codes", "/actuator/env", "/users/v1/user{n}", "/users/v1/_debug", "/users/v1/login", "/books/v1/book-{n}", "/books/v1", "/users/v1/user{n}/password", "/graphql"];
export const calls: api.CallRow[] = Array.from({ length: 260 }, (_, n) => {
  const on = at((n * 5) % endpoints.length);
  const status = n % 11 === 3 ? 401 : n % 29 === 7 ? 500 : 200;
  const account = accounts[n % accounts.length];
  const base = PATHS[endpoints.indexOf(on)] ?? "/";
  return {
    id: `call-${String(n).padStart(4, "0")}`, ts: ago(n * 5.5 + (n % 7)), duration_us: 2_100 + ((n * 7_919) % 90_000), source: "eth1",
    client: `10.20.${n % 9}.${(n * 13) % 250}:${40_000 + n}`, client_ip: `10.20.${n % 9}.${(n * 13) % 250}`, server: "10.0.0.2:443",
    scheme: n % 4 ? "https" : "http", protocol: "http/1.1", method: on.method, host: on.host, target: base.replace("{n}", String(n)), status,
    request_size: 120, response_size: 800 + ((n * 31) % 9_000), endpoint_id: on.id, endpoint: ref(on), candidate_reason: null,
    account: n % 3 ? (account?.id ?? null) : null, account_how: n % 3 ? "session" : null, auth: n % 3 ? "jwt" : "none", purpose: on.purpose,
    data: status === 200 ? on.data.map(({ type, level, masked }) => ({ type, level, masked, count: 3 })) : [], people: status === 200 ? on.data.length : 0,
    rules: findings.filter((one) => one.endpoint?.id === on.id && n % 2 === 0).map((one) => one.rule), anomalies: n % 40 === 9 ? ["body-truncated"] : [],
  };
});

export const candidates: api.CandidateRow[] = ["/wp-login.php", "/.env", "/static/app.{hash}.js", "/api/v2/customers", "/phpmyadmin/", "/favicon.ico"].map((template, index) => ({
  id: id16(500 + index), host: index % 2 ? BANK : SHOP, method: "GET", template, reason: index === 2 || index === 5 ? "static" : index === 3 ? "unconfirmed" : "scanner",
  calls: 4_210 - index * 611, statuses: [{ status: index === 2 ? 200 : 404, calls: 4_210 - index * 611 }], clients: 1 + index, first_seen: ago(9_000), last_seen: ago(30 * index + 5), evidence: ["call-0003"],
}));

const PERSON = (n: number) => ({ id: 1000 + n, name: "李*", mobile: "138****5678", id_card: "110101********8515", address: { city: "北京", street: "朝阳区****" }, vip: n % 2 === 0, tags: ["a", "b"] });
const object = (properties: Record<string, unknown>, required: string[]) => ({ type: "object", properties, required });
const PERSON_SCHEMA = object({
  id: { type: "integer", minimum: 1000 }, name: { type: "string" }, mobile: { type: "string" }, id_card: { type: "string" }, vip: { type: "boolean" },
  address: object({ city: { type: "string", enum: ["北京", "上海", "广州"] }, street: { type: "string" } }, ["city"]), tags: { type: "array", items: { type: "string" } }, updated: { type: ["string", "null"], format: "date-time" },
}, ["id", "name", "mobile"]);

export function endpointDetail(row: api.EndpointRow): api.EndpointDetail {
  const places: Record<string, string> = { CN_MOBILE: "/items/*/mobile", CN_ID_CARD: "/items/*/id_card", PERSON_NAME: "/items/*/name", ADDRESS: "/items/*/address/street" };
  return {
    summary: row, statuses: [{ status: 200, calls: row.calls - row.errors }, { status: 401, calls: row.errors }],
    params: row.template.includes("{") ? [{ name: /\{(\w+)\}/.exec(row.template)?.[1] ?? "", in: "path", kind: "integer", required: true, calls: row.calls, distinct: 3_120, samples: ["1001", "1002", "1187"] }, { name: "fields", in: "query", kind: "word", required: false, calls: 211, distinct: 4, samples: ["basic", "all"] }] : [],
    data: row.data.map((one) => ({ side: one.type === "PASSWORD" ? "request" : "response", in: "body", path: places[one.type] ?? `/${one.type.toLowerCase()}`, type: one.type, level: one.level, count: one.count, calls: one.count, distinct: 812, masked: one.masked, sample: sample(one.type), evidence: ["call-0000", "call-0014"] })),
    request_schemas: row.method === "GET" ? [] : [{ status: null, media_type: "application/json", schema: object({ username: { type: "string" }, password: { type: "string" } }, ["username", "password"]) }],
    response_schemas: [{ status: 200, media_type: "application/json", schema: object({ total: { type: "integer" }, items: { type: "array", items: PERSON_SCHEMA } }, ["total", "items"]) }, { status: 401, media_type: "application/json", schema: object({ code: { type: "string" }, message: { type: "string" } }, ["code"]) }],
    template_evidence: row.template.includes("{") ? [{ param: /\{(\w+)\}/.exec(row.template)?.[1] ?? "", reason: "kind", distinct: 3_120, margin: 14.2, samples: ["1001", "1002", "1187"] }] : [],
    evidence: ["call-0000", "call-0014", "call-0028"], aliases: [], findings: findings.filter((one) => one.endpoint?.id === row.id),
  };
}

export function callDetail(row: api.CallRow): api.CallDetail {
  const hit = (path: string, type: string, level: number): api.DataHit => ({ side: "response", in: "body", path, type, level, masked: false, confidence: 0.97, sample: sample(type), value_hash: id16(900 + level) });
  return {
    summary: row,
    request: { headers: [{ name: "host", value: row.host }, { name: "user-agent", value: "Mozilla/5.0 (X11; Linux x86_64)" }, { name: "authorization", value: "Bearer eyJhbG****************Q9xA" }, { name: "accept", value: "application/json" }], media_type: row.method === "GET" ? "" : "application/json", body: row.method === "GET" ? "" : JSON.stringify({ username: "wanfang78", password: "********" }), body_b64: null, body_size: 41 },
    response: { headers: [{ name: "content-type", value: "application/json; charset=utf-8" }, { name: "server", value: "nginx/1.24.0" }], media_type: "application/json", body: JSON.stringify({ total: 2, items: [PERSON(1), PERSON(2)] }), body_b64: null, body_size: row.response_size },
    messages: [], rpc: null, jwt: row.auth === "jwt" ? { algorithm: "HS256", expires: null, issued: ago(600), subject: "wanfang78", weak_secret: true } : null,
    hits: [0, 1].flatMap((n) => [hit(`/items/${n}/name`, "PERSON_NAME", 3), hit(`/items/${n}/mobile`, "CN_MOBILE", 3), hit(`/items/${n}/id_card`, "CN_ID_CARD", 4)]),
  };
}

export function histogram(rows: api.CallRow[], count: number): api.Histogram {
  const times = rows.map((row) => new Date(row.ts ?? 0).getTime());
  const [first, last] = [Math.min(...times), Math.max(...times) + 1];
  if (rows.length === 0) return { span_us: 0, buckets: [] };
  const span = (last - first) / count;
  const buckets = Array.from({ length: count }, (_, n) => ({ start: new Date(first + n * span).toISOString(), calls: 0, errors: 0 }));
  rows.forEach((row, n) => {
    const bucket = buckets[Math.min(count - 1, Math.floor(((times[n] ?? first) - first) / span))];
    if (!bucket) return;
    bucket.calls += 1;
    if ((row.status ?? 0) >= 400) bucket.errors += 1;
  });
  return { span_us: Math.round(span * 1_000), buckets };
}
