// Generated from openapi/console.json by `npm run types`. Do not edit.
/* eslint-disable */
export interface paths {
    "/api/v1/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Accounts, most calls first. */
        get: operations["list_accounts"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/accounts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One account with the endpoints it called and the calls that prove it. */
        get: operations["get_account"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Calls, newest first unless asked otherwise. */
        get: operations["list_calls"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls/histogram": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Calls over time, in spans of equal length, under the same filters as the list. */
        get: operations["get_call_histogram"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/calls/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One call with everything that is kept of it, sensitive values masked. */
        get: operations["get_call"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/candidates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Candidates, most called first. */
        get: operations["list_candidates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/data": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The data map: types over all endpoints, and type × endpoint × place, most sensitive first. */
        get: operations["get_data_map"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/endpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Endpoints of the inventory. */
        get: operations["list_endpoints"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/endpoints/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One endpoint with its schema, parameters, data and findings. Earlier ids of merged endpoints lead to it. */
        get: operations["get_endpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/findings": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Findings, worst first, then latest. */
        get: operations["list_findings"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/findings/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One finding with the texts of its rule and the calls that prove it. */
        get: operations["get_finding"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Records what a person decides about a finding. */
        patch: operations["decide_finding"];
        trace?: never;
    };
    "/api/v1/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** That the process answers; for load balancers and probes. */
        get: operations["get_health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ingest": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes call records, one JSON object a line, or a document that is recognised from its content (HAR, GoReplay,
         *     Burp, Postman), optionally with `Content-Encoding: gzip`, `zstd` or `deflate`. `Content-Type: application/x-ndjson`
         *     and `application/har+json` say which it is. At most 64 MiB as sent and 256 MiB decoded.
         *     All good records are durable when the answer comes; on 429 and 503 none was taken. A body in which nothing can be
         *     read is refused with 400. A batch with `X-Batch-Id` (or
         *     `Idempotency-Key`) that was accepted before is answered with what was accepted then, and not kept again.
         */
        post: operations["ingest"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/otlp/v1/logs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes log records (`ExportLogsServiceRequest`): those that are lines of an access log, or say with the semantic
         *     conventions for HTTP which request was answered how. `Content-Encoding: gzip`, `zstd` or `deflate` is accepted; at
         *     most 64 MiB as sent and decoded. On 503 nothing was taken. A request that was accepted before is not kept again.
         */
        post: operations["export_logs"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/otlp/v1/traces": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Takes spans (`ExportTraceServiceRequest`): those of kind SERVER that are requests over HTTP or remote procedures.
         *     Otherwise like log records.
         */
        post: operations["export_traces"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/overview": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What changed, what is worst, what to do now. */
        get: operations["get_overview"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Weaknesses, data types and purposes with their texts in English and Chinese. */
        get: operations["list_rules"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is logged in. */
        get: operations["get_session"];
        put?: never;
        /** Opens a session: the answer sets the cookie `apiarist_session`. */
        post: operations["login"];
        /** Ends the session. */
        delete: operations["logout"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        /** Changes the own password and ends all other sessions of the user. */
        put: operations["change_password"];
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sites": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All sites with their counts, most called first. */
        get: operations["list_sites"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/sites/{host}/openapi": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The learned OpenAPI 3.1 document of a site. */
        get: operations["get_site_openapi"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/status": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Size of the log, calls that came in, what was switched off. */
        get: operations["get_status"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All tokens. */
        get: operations["list_tokens"];
        put?: never;
        /** Makes a token. */
        post: operations["add_token"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/tokens/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Revokes a token. */
        delete: operations["remove_token"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All users. */
        get: operations["list_users"];
        put?: never;
        /** Adds a user with a generated password. */
        post: operations["add_user"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/users/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        post?: never;
        /** Removes a user and ends all its sessions. */
        delete: operations["remove_user"];
        options?: never;
        head?: never;
        /** Changes role or access of a user, or gives a new password. */
        patch: operations["change_user"];
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What came in, what was dropped and why, as Prometheus reads it. */
        get: operations["get_metrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description An account with the endpoints it called and the calls that prove it. */
        AccountDetail: {
            /** @description Endpoints called that are in the inventory, at most 200. */
            endpoints: components["schemas"]["EndpointRef"][];
            /** @description Calls that prove the account. */
            evidence: components["schemas"]["CallRow"][];
            /** @description Ids of evidence calls that the log does not hold any more. */
            evidence_gone: string[];
            /** @description As in the list. */
            summary: components["schemas"]["AccountRow"];
        };
        /**
         * @description How an account was recognised.
         * @enum {string}
         */
        AccountEvidence: "login" | "basic" | "jwt" | "session";
        /** @description An account as a row of a list. */
        AccountRow: {
            /**
             * Format: int64
             * @description Calls made.
             */
            calls: number;
            /**
             * Format: int64
             * @description Distinct client addresses (estimate).
             */
            clients: number;
            /** @description Names of the data types read or sent. */
            data: string[];
            /**
             * Format: int64
             * @description Endpoints called.
             */
            endpoints: number;
            /**
             * Format: int64
             * @description Logins that failed.
             */
            failed_logins: number;
            /** @description First call. */
            first_seen: components["schemas"]["Time"];
            /** @description Site. */
            host: string;
            /** @description How it was recognised. */
            how: components["schemas"]["AccountEvidence"][];
            /** @description Site and name, `shop.example.com/wanfang78`. */
            id: string;
            /** @description Latest call. */
            last_seen: components["schemas"]["Time"];
            /** @description The name as the application uses it. */
            name: string;
        };
        /**
         * @description How a call authenticates.
         * @enum {string}
         */
        AuthKind: "none" | "basic" | "bearer" | "jwt" | "digest" | "cookie" | "api-key" | "signature" | "other";
        /** @description Credentials over all calls of an endpoint. */
        AuthUseView: {
            /**
             * Format: int64
             * @description Calls answered 401 or 403.
             */
            denied: number;
            /** @description Kinds seen, most frequent first. */
            kinds: components["schemas"]["AuthKind"][];
            /**
             * Format: int64
             * @description Successful calls with a credential.
             */
            succeeded_with: number;
            /**
             * Format: int64
             * @description Successful calls without.
             */
            succeeded_without: number;
            /** @description Whether it wants a credential. */
            verdict: components["schemas"]["AuthVerdict"];
        };
        /**
         * @description Whether an endpoint wants a credential.
         * @enum {string}
         */
        AuthVerdict: "unknown" | "required" | "mixed" | "none";
        /** @description Learned shape of the bodies of one media type. */
        BodySchema: {
            /** @description Media type. */
            media_type: string;
            /** @description JSON Schema (2020-12). */
            schema: unknown;
            /**
             * Format: int32
             * @description Status code that the bodies came with; null for requests.
             */
            status: number | null;
        };
        /** @description Calls within one span of time. */
        BucketView: {
            /**
             * Format: int64
             * @description Calls.
             */
            calls: number;
            /**
             * Format: int64
             * @description Of them answered with 4xx or 5xx.
             */
            errors: number;
            /** @description Start of the span. */
            start: components["schemas"]["Time"];
        };
        /** @description One data type in one call, over all its places. */
        CallData: {
            /**
             * Format: int64
             * @description Values.
             */
            count: number;
            /**
             * Format: int32
             * @description Highest sensitivity level.
             */
            level: number;
            /** @description Every value was already masked. */
            masked: boolean;
            /** @description Name of the data type. */
            type: string;
        };
        /** @description One call with everything that is kept of it, sensitive values masked. */
        CallDetail: {
            /** @description Sensitive values with their places. */
            hits: components["schemas"]["DataHitView"][];
            jwt: components["schemas"]["JwtView"] | null;
            /** @description Messages of a stream. */
            messages: components["schemas"]["StreamMessageView"][];
            request: components["schemas"]["MessageView"] | null;
            response: components["schemas"]["MessageView"] | null;
            rpc: components["schemas"]["RpcView"] | null;
            /** @description As in the list. */
            summary: components["schemas"]["CallRow"];
        };
        /** @description A call as a row of a list. */
        CallRow: {
            /** @description Id of the account that made it. */
            account: string | null;
            account_how: components["schemas"]["AccountEvidence"] | null;
            /** @description What was odd or lost about it. */
            anomalies: string[];
            /** @description How it authenticates. */
            auth: components["schemas"]["AuthKind"];
            candidate_reason: components["schemas"]["CandidateReason"] | null;
            /** @description Address of the client, with its port when known. */
            client: string | null;
            /** @description Address of the client without port, as lists filter by it. */
            client_ip: string | null;
            /** @description Data types, most sensitive first. */
            data: components["schemas"]["CallData"][];
            /**
             * Format: int64
             * @description From the first byte of the request to the last of the response, in microseconds.
             */
            duration_us: number | null;
            endpoint: components["schemas"]["EndpointRef"] | null;
            /** @description Id of the endpoint or candidate that it was counted to. */
            endpoint_id: string;
            /** @description Site; empty when unknown. */
            host: string;
            /** @description Identity. */
            id: string;
            /** @description Request method; empty when the request was not seen. */
            method: string;
            /**
             * Format: int32
             * @description Distinct people whose data the response carries.
             */
            people: number;
            /** @description `http/1.1`, `http/2`, ...; empty when unknown. */
            protocol: string;
            /** @description Id of the endpoint's business purpose. */
            purpose: string | null;
            /**
             * Format: int64
             * @description Bytes of request body on the wire.
             */
            request_size: number | null;
            /**
             * Format: int64
             * @description Bytes of response body on the wire.
             */
            response_size: number | null;
            /** @description Ids of the rules that it is evidence for. */
            rules: string[];
            scheme: components["schemas"]["Scheme"] | null;
            /** @description Address of the server, with its port when known. */
            server: string | null;
            /** @description Name of the file, interface or listener that it came from. */
            source: string;
            /**
             * Format: int32
             * @description Status code; null when no response was seen.
             */
            status: number | null;
            /** @description Path and query, sensitive values masked. */
            target: string;
            /** @description When the request started. */
            ts: components["schemas"]["Time"];
        };
        /**
         * @description Why calls are kept out of the inventory.
         * @enum {string}
         */
        CandidateReason: "unconfirmed" | "scanner" | "static" | "page" | "no-response" | "attack" | "unreadable" | "preflight";
        /** @description Something called that is not, or not yet, an endpoint. */
        CandidateRow: {
            /**
             * Format: int64
             * @description Calls.
             */
            calls: number;
            /**
             * Format: int64
             * @description Distinct client addresses (estimate).
             */
            clients: number;
            /** @description Ids of calls that prove it. */
            evidence: string[];
            /** @description First call. */
            first_seen: components["schemas"]["Time"];
            /** @description Site. */
            host: string;
            /** @description Identity, 16 hexadecimal digits; calls are found by it. */
            id: string;
            /** @description Latest call. */
            last_seen: components["schemas"]["Time"];
            /** @description Request method. */
            method: string;
            /** @description Why it is kept out. */
            reason: components["schemas"]["CandidateReason"];
            /** @description Calls per status code. */
            statuses: components["schemas"]["StatusCount"][];
            /** @description Path, variable parts as `{name}`. */
            template: string;
        };
        /** @description How much there is. Each is the `total` of the list of the same name without filters. */
        Counts: {
            /**
             * Format: int64
             * @description Accounts.
             */
            accounts: number;
            /**
             * Format: int64
             * @description Calls in the log.
             */
            calls: number;
            /**
             * Format: int64
             * @description Candidates.
             */
            candidates: number;
            /**
             * Format: int64
             * @description Endpoints of the inventory.
             */
            endpoints: number;
            /**
             * Format: int64
             * @description Endpoints in state `new`.
             */
            endpoints_new: number;
            /**
             * Format: int64
             * @description Findings in state `open`.
             */
            open_findings: number;
            /**
             * Format: int64
             * @description Sites.
             */
            sites: number;
        };
        /** @description One sensitive value in one call; the value itself stays unknown. */
        DataHitView: {
            /**
             * Format: float
             * @description 0 to 1.
             */
            confidence: number;
            /** @description Which part of the message. */
            in: components["schemas"]["Place"];
            /**
             * Format: int32
             * @description Sensitivity level 1 (public) to 5 (core).
             */
            level: number;
            /** @description The value was already masked in the traffic. */
            masked: boolean;
            /** @description RFC 6901 JSON Pointer inside a structured body; a name for query, header and cookie; else empty. */
            path: string;
            /** @description The value as it may be shown. */
            sample: string;
            /** @description Request or response. */
            side: components["schemas"]["Side"];
            /** @description Name of the data type. */
            type: string;
            /** @description Keyed hash, 16 hexadecimal digits, to find other calls with the same value; null when it was masked. */
            value_hash: string | null;
        };
        /** @description The data map: types over all endpoints, and one page of type × endpoint × place. */
        DataMap: {
            /**
             * Format: int64
             * @description Endpoints left out because there are more than can be read at once; 0 as a rule.
             */
            endpoints_left_out: number;
            /**
             * Format: int64
             * @description Number of this page, from 1.
             */
            page: number;
            /** @description Rows of this page, most sensitive first, then most values. */
            rows: components["schemas"]["DataRow"][];
            /**
             * Format: int64
             * @description Most rows on a page.
             */
            size: number;
            /**
             * Format: int64
             * @description Rows that match, over all pages.
             */
            total: number;
            /** @description Types under the same filters except the type itself, most sensitive first. */
            types: components["schemas"]["DataTypeCount"][];
        };
        /** @description One data type at one place of one endpoint, with the endpoint. */
        DataRow: {
            /** @description What it carries. */
            data: components["schemas"]["DataUseView"];
            /** @description The endpoint. */
            endpoint: components["schemas"]["EndpointRef"];
        };
        /** @description A data type over all endpoints. */
        DataTypeCount: {
            /**
             * Format: int64
             * @description Values seen.
             */
            count: number;
            /**
             * Format: int64
             * @description Endpoints that carry it.
             */
            endpoints: number;
            /**
             * Format: int64
             * @description Of them those that carry it in clear.
             */
            endpoints_in_clear: number;
            /**
             * Format: int32
             * @description Highest sensitivity level it was seen with.
             */
            level: number;
            /** @description Name of the data type. */
            type: string;
        };
        /** @description A data type that is recognised. */
        DataTypeView: {
            /** @description Class of GB/T 43697-2024 annex B in short: `identity`, `contact`, `account`, ... */
            class: string;
            /** @description Stable upper-case name, `CN_ID_CARD`. */
            id: string;
            /**
             * Format: int32
             * @description Sensitivity level 1 (public) to 5 (core).
             */
            level: number;
            /** @description English name. */
            name: string;
            /** @description Chinese name. */
            name_zh: string;
            /** @description Says something about a natural person. */
            person: boolean;
            /** @description Opens a door: password, key, token. */
            secret: boolean;
        };
        /** @description One data type at one place of one endpoint. */
        DataUseView: {
            /**
             * Format: int64
             * @description Calls that carried one.
             */
            calls: number;
            /**
             * Format: int64
             * @description Values seen.
             */
            count: number;
            /**
             * Format: int64
             * @description Distinct values seen (estimate).
             */
            distinct: number;
            /** @description Ids of calls that prove it. */
            evidence: string[];
            /** @description Which part of the message. */
            in: components["schemas"]["Place"];
            /**
             * Format: int32
             * @description Sensitivity level 1 to 5.
             */
            level: number;
            /** @description Every value seen was already masked. */
            masked: boolean;
            /** @description As in a hit, array positions written `*`. */
            path: string;
            /** @description One value as it may be shown. */
            sample: string;
            /** @description Request or response. */
            side: components["schemas"]["Side"];
            /** @description Name of the data type. */
            type: string;
        };
        /** @description What somebody decided about a finding. */
        DecisionView: {
            /** @description When. */
            at: components["schemas"]["Time"];
            /** @description Name of the user. */
            by: string;
            /** @description Why; may be empty. */
            note: string;
            /** @description The state from then on. */
            state: components["schemas"]["FindingState"];
        };
        /** @description Records that went no further than a stage. */
        DropView: {
            /** @description Why, as a stable code. */
            reason: string;
            /**
             * Format: int64
             * @description How many.
             */
            records: number;
            /** @description The stage. */
            stage: string;
        };
        /** @description One data type of one endpoint, over all its places. */
        EndpointData: {
            /**
             * Format: int64
             * @description Values seen.
             */
            count: number;
            /** @description Seen in requests. */
            in_request: boolean;
            /** @description Seen in responses. */
            in_response: boolean;
            /**
             * Format: int32
             * @description Highest sensitivity level.
             */
            level: number;
            /** @description Every value seen was already masked. */
            masked: boolean;
            /** @description Name of the data type. */
            type: string;
        };
        /** @description Everything known about one endpoint. */
        EndpointDetail: {
            /** @description Earlier ids that now mean this endpoint. */
            aliases: string[];
            /** @description Sensitive data by place. */
            data: components["schemas"]["DataUseView"][];
            /** @description Ids of calls that prove that it exists, successful ones first. */
            evidence: string[];
            /** @description Findings on it, worst first, in any state. */
            findings: components["schemas"]["FindingRow"][];
            /** @description Path, query and cookie parameters. */
            params: components["schemas"]["ParamView"][];
            /** @description Request bodies by media type. */
            request_schemas: components["schemas"]["BodySchema"][];
            /** @description Response bodies by status code and media type. */
            response_schemas: components["schemas"]["BodySchema"][];
            /** @description Calls per status code. */
            statuses: components["schemas"]["StatusCount"][];
            /** @description As in the list. */
            summary: components["schemas"]["EndpointRow"];
            /** @description Why the variable parts of the template are variable. */
            template_evidence: components["schemas"]["TemplateEvidenceView"][];
        };
        /** @description What is needed to name an endpoint and to link to it. */
        EndpointRef: {
            /** @description Site. */
            host: string;
            /** @description Identity, 16 hexadecimal digits. */
            id: string;
            /** @description Request method. */
            method: string;
            /** @description What selects this operation behind the template. */
            operation: string | null;
            /** @description Path with parameters as `{name}`. */
            template: string;
        };
        /** @description An endpoint as a row of a list. */
        EndpointRow: {
            /**
             * Format: int64
             * @description Distinct accounts (estimate).
             */
            accounts: number;
            /** @description Credentials. */
            auth: components["schemas"]["AuthUseView"];
            /**
             * Format: int64
             * @description Calls, failed ones included.
             */
            calls: number;
            /**
             * Format: int64
             * @description Distinct client addresses (estimate).
             */
            clients: number;
            /**
             * Format: float
             * @description 0 to 1: how sure it is that this is one endpoint.
             */
            confidence: number;
            /** @description Data types it carries, most sensitive first. */
            data: components["schemas"]["EndpointData"][];
            /**
             * Format: int64
             * @description Calls answered with 4xx or 5xx.
             */
            errors: number;
            /** @description From where it is reached. */
            exposure: components["schemas"]["Exposure"];
            /** @description First call. */
            first_seen: components["schemas"]["Time"];
            /** @description Site. */
            host: string;
            /** @description Identity, 16 hexadecimal digits. */
            id: string;
            /** @description Latest call. */
            last_seen: components["schemas"]["Time"];
            latency: components["schemas"]["LatencyView"] | null;
            /**
             * Format: int32
             * @description Highest sensitivity level in clear, 0 without any.
             */
            level: number;
            /** @description Request method. */
            method: string;
            /**
             * Format: int64
             * @description Open findings.
             */
            open_findings: number;
            /** @description What selects this operation behind the template. */
            operation: string | null;
            /** @description Id of its business purpose. */
            purpose: string | null;
            /** @description The risk and its parts. */
            risk: components["schemas"]["RiskView"];
            /** @description Where it stands in its life. */
            state: components["schemas"]["LifeState"];
            /** @description The way it speaks. */
            style: components["schemas"]["Style"];
            /** @description Path with parameters as `{name}`. */
            template: string;
        };
        /** @description Every error. */
        ErrorBody: {
            /** @description Stable code. */
            code: components["schemas"]["ErrorCode"];
            /** @description English sentence. */
            message: string;
            /** @description Values that belong to the code. */
            params: {
                [key: string]: string;
            };
        };
        /**
         * @description Stable error codes.
         * @enum {string}
         */
        ErrorCode: "invalid_parameter" | "invalid_body" | "unfit_password" | "not_logged_in" | "login_failed" | "password_change_required" | "forbidden" | "cross_site" | "not_found" | "method_not_allowed" | "exists" | "last_admin" | "body_too_large" | "unsupported_media_type" | "too_many_attempts" | "busy" | "not_stored" | "internal";
        /**
         * @description From where an endpoint is reached.
         * @enum {string}
         */
        Exposure: "unknown" | "internal" | "open";
        /**
         * @description Family of the rule that found it.
         * @enum {string}
         */
        Family: "weakness" | "attack" | "behaviour";
        /** @description What a person decides about a finding. */
        FindingDecision: {
            /** @description Why; kept with the decision. */
            note?: string;
            /** @description The new state. */
            state: components["schemas"]["FindingState"];
        };
        /** @description A finding with its rule and the calls that prove it. */
        FindingDetail: {
            /** @description What people decided about it, latest first, at most 50. */
            decisions: components["schemas"]["DecisionView"][];
            /** @description Calls that prove it. */
            evidence: components["schemas"]["CallRow"][];
            /** @description Ids of evidence calls that the log does not hold any more. */
            evidence_gone: string[];
            rule: components["schemas"]["WeaknessView"] | null;
            /** @description As in the list. */
            summary: components["schemas"]["FindingRow"];
        };
        /** @description A finding as a row of a list. */
        FindingRow: {
            /**
             * Format: int64
             * @description Calls that show it.
             */
            calls: number;
            /**
             * Format: float
             * @description 0 to 1.
             */
            confidence: number;
            /** @description Weakness enumeration, `CWE-306`. */
            cwe: string[];
            endpoint: components["schemas"]["EndpointRef"] | null;
            /** @description Family of the rule. */
            family: components["schemas"]["Family"];
            /** @description First such call. */
            first_seen: components["schemas"]["Time"];
            /** @description Site. */
            host: string;
            /** @description Identity, 16 hexadecimal digits. */
            id: string;
            /** @description Latest such call. */
            last_seen: components["schemas"]["Time"];
            /** @description OWASP API Security Top 10 entries, `API2:2023`. */
            owasp: string[];
            /** @description Values for the placeholders of the rule's texts. */
            params: {
                [key: string]: string;
            };
            /** @description Id of the rule that found it. */
            rule: string;
            /** @description How bad. */
            severity: components["schemas"]["Severity"];
            /** @description Where it stands. */
            state: components["schemas"]["FindingState"];
            /** @description Who or what it is about, where that is not the endpoint. */
            subject: string | null;
            /** @description English title. */
            title: string;
            /** @description Chinese title. */
            title_zh: string;
        };
        /**
         * @description Where a finding stands in its life.
         * @enum {string}
         */
        FindingState: "open" | "confirmed" | "ignored" | "fixed";
        /** @description One header field. */
        HeaderView: {
            /** @description Lower-case name. */
            name: string;
            /** @description Value, sensitive parts masked. */
            value: string;
        };
        /**
         * @description That the process answers.
         * @enum {string}
         */
        HealthStatus: "ok";
        /** @description That the process answers. */
        HealthView: {
            /** @description Always `ok`. */
            status: components["schemas"]["HealthStatus"];
            /** @description Version of Apiarist. */
            version: string;
        };
        /** @description Calls over time, in spans of equal length, oldest first. */
        Histogram: {
            /** @description The spans. */
            buckets: components["schemas"]["BucketView"][];
            /**
             * Format: int64
             * @description Length of a span in microseconds; 0 without calls.
             */
            span_us: number;
        };
        /** @description What became of the lines of one push. */
        IngestResult: {
            /**
             * Format: int64
             * @description Calls that are durable now.
             */
            accepted: number;
            /** @description Lines that are no call records, at most 100 of them. */
            rejected: components["schemas"]["RejectedLine"][];
            /**
             * Format: int64
             * @description How many lines were rejected in all.
             */
            rejected_total: number;
        };
        /** @description What became of the calls that came in since the start. */
        IngestStats: {
            /**
             * Format: int64
             * @description Calls made durable.
             */
            accepted: number;
            /**
             * Format: int64
             * @description Calls analysed.
             */
            analysed: number;
            /**
             * Format: int64
             * @description Calls refused because the queue was full.
             */
            refused: number;
            /**
             * Format: int64
             * @description Calls durable and not yet analysed.
             */
            waiting: number;
        };
        /** @description What can be told about a JSON Web Token (RFC 7519) without its secret. */
        JwtView: {
            /** @description `alg` of the header as sent. */
            algorithm: string;
            /** @description Claim `exp`. */
            expires: components["schemas"]["Time"];
            /** @description Claim `iat`. */
            issued: components["schemas"]["Time"];
            /** @description Claim `sub`, or the claim that serves as account. */
            subject: string | null;
            /** @description The signature verifies with a secret from the list of known weak ones. */
            weak_secret: boolean;
        };
        /** @description Response time in microseconds. */
        LatencyView: {
            /** Format: int64 */
            max_us: number;
            /** Format: int64 */
            p50_us: number;
            /** Format: int64 */
            p95_us: number;
            /** Format: int64 */
            p99_us: number;
        };
        /** @description Data types of one sensitivity level. */
        LevelCount: {
            /**
             * Format: int32
             * @description Sensitivity level 1 to 5.
             */
            level: number;
            /** @description Data types seen at this level, most endpoints first: `data?type=…`. */
            types: components["schemas"]["DataTypeCount"][];
        };
        /**
         * @description Where an endpoint stands in its life.
         * @enum {string}
         */
        LifeState: "new" | "active" | "dormant";
        /**
         * @description What can be wrong with a line.
         * @enum {string}
         */
        LineError: "not_a_record" | "no_call" | "truncated";
        /**
         * @description The list that a number leads to.
         * @enum {string}
         */
        ListName: "endpoints" | "candidates" | "findings" | "calls";
        /** @description Size and reach of the call log. */
        LogStats: {
            /**
             * Format: int64
             * @description Calls that can be queried.
             */
            calls: number;
            /**
             * Format: int64
             * @description Bytes of accepted raw calls not yet released.
             */
            journal_bytes: number;
            /** @description Time of the newest call. */
            newest: components["schemas"]["Time"];
            /** @description Time of the oldest call. */
            oldest: components["schemas"]["Time"];
            /**
             * Format: int64
             * @description Bytes of segments on disk.
             */
            segment_bytes: number;
            /**
             * Format: int64
             * @description Segments on disk.
             */
            segments: number;
        };
        /** @description Name and password. */
        Login: {
            /** @description User name. */
            name: string;
            /**
             * Format: password
             * @description Password.
             */
            password: string;
        };
        /** @description Who is logged in. */
        Me: {
            /** @description The password has to be changed before anything else is allowed. */
            must_change: boolean;
            /** @description User name. */
            name: string;
            /** @description What the user may do. */
            role: components["schemas"]["Role"];
        };
        /** @description One direction of a call, sensitive values masked. */
        MessageView: {
            /** @description The decoded body when it is text. */
            body: string | null;
            /** @description The decoded body in base64 when it is not UTF-8. */
            body_b64: string | null;
            /**
             * Format: int64
             * @description Bytes of body content on the wire.
             */
            body_size: number | null;
            /** @description Fields in wire order, duplicates kept. */
            headers: components["schemas"]["HeaderView"][];
            /** @description Media type of the body, lower case, without parameters; empty when not stated. */
            media_type: string;
        };
        /** @description A token to make. */
        NewToken: {
            /** @description Unique name: 1 to 64 letters, digits, `.`, `_`, `-` or `@`. */
            name: string;
        };
        /** @description A user to add. */
        NewUser: {
            /** @description Unique name: 1 to 64 letters, digits, `.`, `_`, `-` or `@`. */
            name: string;
            /** @description What the user may do. */
            role: components["schemas"]["Role"];
        };
        /** @description The first page. */
        Overview: {
            /** @description Calls over time. */
            calls_over_time: components["schemas"]["Histogram"];
            /** @description How much there is. */
            counts: components["schemas"]["Counts"];
            /** @description Data types by level, most sensitive level first. */
            data_levels: components["schemas"]["LevelCount"][];
            /** @description All five severities, worst first. */
            findings_by_severity: components["schemas"]["SeverityCount"][];
            /** @description Time of the newest call. */
            newest_call: components["schemas"]["Time"];
            /** @description Endpoints by first call, newest first, at most 10: `endpoints?sort=first_seen`. */
            newest_endpoints: components["schemas"]["EndpointRow"][];
            /** @description Time of the oldest call. */
            oldest_call: components["schemas"]["Time"];
            /** @description What to do now, most urgent first; empty when there is nothing. */
            todo: components["schemas"]["Todo"][];
            /** @description Endpoints by risk, largest first, at most 10: `endpoints?sort=risk`. */
            top_risks: components["schemas"]["EndpointRow"][];
            /** @description Open findings, worst first, at most 10: `findings?state=open`. */
            worst_findings: components["schemas"]["FindingRow"][];
        };
        /** @description One page of a list. */
        Page_AccountRow: {
            /**
             * Format: int64
             * @description Number of this page, from 1.
             */
            page: number;
            /** @description The rows of this page. */
            rows: components["schemas"]["AccountRow"][];
            /**
             * Format: int64
             * @description Most rows on a page.
             */
            size: number;
            /**
             * Format: int64
             * @description Rows that match, over all pages.
             */
            total: number;
        };
        /** @description One page of a list. */
        Page_CallRow: {
            /**
             * Format: int64
             * @description Number of this page, from 1.
             */
            page: number;
            /** @description The rows of this page. */
            rows: components["schemas"]["CallRow"][];
            /**
             * Format: int64
             * @description Most rows on a page.
             */
            size: number;
            /**
             * Format: int64
             * @description Rows that match, over all pages.
             */
            total: number;
        };
        /** @description One page of a list. */
        Page_CandidateRow: {
            /**
             * Format: int64
             * @description Number of this page, from 1.
             */
            page: number;
            /** @description The rows of this page. */
            rows: components["schemas"]["CandidateRow"][];
            /**
             * Format: int64
             * @description Most rows on a page.
             */
            size: number;
            /**
             * Format: int64
             * @description Rows that match, over all pages.
             */
            total: number;
        };
        /** @description One page of a list. */
        Page_EndpointRow: {
            /**
             * Format: int64
             * @description Number of this page, from 1.
             */
            page: number;
            /** @description The rows of this page. */
            rows: components["schemas"]["EndpointRow"][];
            /**
             * Format: int64
             * @description Most rows on a page.
             */
            size: number;
            /**
             * Format: int64
             * @description Rows that match, over all pages.
             */
            total: number;
        };
        /** @description One page of a list. */
        Page_FindingRow: {
            /**
             * Format: int64
             * @description Number of this page, from 1.
             */
            page: number;
            /** @description The rows of this page. */
            rows: components["schemas"]["FindingRow"][];
            /**
             * Format: int64
             * @description Most rows on a page.
             */
            size: number;
            /**
             * Format: int64
             * @description Rows that match, over all pages.
             */
            total: number;
        };
        /** @description A parameter outside the body. */
        ParamView: {
            /**
             * Format: int64
             * @description Calls that carried it.
             */
            calls: number;
            /**
             * Format: int64
             * @description Distinct values (estimate).
             */
            distinct: number;
            /** @description Path, query or cookie. */
            in: components["schemas"]["Place"];
            /** @description Kind of its values: `integer`, `uuid`, `word`, ... */
            kind: string;
            /** @description Its name. */
            name: string;
            /** @description Present in every successful call. */
            required: boolean;
            /** @description A few values, masked where sensitive. */
            samples: string[];
        };
        /** @description A change of the own password. */
        PasswordChange: {
            /**
             * Format: password
             * @description The password in use.
             */
            current: string;
            /**
             * Format: password
             * @description The one to use from now on: 10 to 256 characters, not the user name.
             */
            new: string;
        };
        /**
         * @description Which part of a message.
         * @enum {string}
         */
        Place: "path" | "query" | "header" | "cookie" | "body";
        /** @description A business purpose that endpoints are sorted into. */
        PurposeView: {
            /** @description Id of the purpose. */
            id: string;
            /** @description English name. */
            name: string;
            /** @description Chinese name. */
            name_zh: string;
        };
        /** @description A line that is no call record. */
        RejectedLine: {
            /** @description Where and why, in English. */
            detail: string;
            /** @description What is wrong with it. */
            error: components["schemas"]["LineError"];
            /**
             * Format: int64
             * @description Number of the line, from 1.
             */
            line: number;
        };
        /** @description One part of a risk score. */
        RiskPartView: {
            /** @description What the points stand on: a rule id, a data type, a verdict. */
            detail: string;
            /** @description `findings`, `data`, `exposure`, `auth`, ...; worded by the console. */
            id: string;
            /**
             * Format: int32
             * @description Points added.
             */
            points: number;
        };
        /** @description Risk of an endpoint, 0 to 100, with what it is made of. */
        RiskView: {
            /** @description The parts, largest first. */
            parts: components["schemas"]["RiskPartView"][];
            /**
             * Format: int32
             * @description Sum of the parts, at most 100.
             */
            score: number;
        };
        /**
         * @description What a user may do.
         * @enum {string}
         */
        Role: "viewer" | "analyst" | "admin";
        /** @description A remote procedure named by the protocol. */
        RpcView: {
            /** @description Method name. */
            method: string;
            /** @description Full service name. */
            service: string;
        };
        /** @description Everything that is looked for. */
        RuleList: {
            /** @description Data types by name. */
            data_types: components["schemas"]["DataTypeView"][];
            /** @description Purposes by id. */
            purposes: components["schemas"]["PurposeView"][];
            /** @description Weaknesses by id. */
            weaknesses: components["schemas"]["WeaknessView"][];
        };
        /** @description The texts of a rule in one language. Placeholders are written `{name}`. */
        RuleText: {
            /** @description What to do about it. */
            advice: string;
            /** @description What was seen. */
            summary: string;
            /** @description One line. */
            title: string;
            /** @description Why it matters. */
            why: string;
        };
        /**
         * @description `http` or `https` as the client saw it.
         * @enum {string}
         */
        Scheme: "http" | "https";
        /**
         * @description How bad a finding is, mildest first.
         * @enum {string}
         */
        Severity: "info" | "low" | "medium" | "high" | "critical";
        /** @description Open findings of one severity: `findings?state=open&severity=…`. */
        SeverityCount: {
            /**
             * Format: int64
             * @description Open findings.
             */
            count: number;
            /** @description How bad. */
            severity: components["schemas"]["Severity"];
        };
        /**
         * @description Which half of a call.
         * @enum {string}
         */
        Side: "request" | "response";
        /** @description All sites. */
        SiteList: {
            /** @description Most called first. */
            rows: components["schemas"]["SiteRow"][];
        };
        /** @description A site with its counts. */
        SiteRow: {
            /**
             * Format: int64
             * @description Calls to endpoints.
             */
            calls: number;
            /**
             * Format: int64
             * @description Candidates.
             */
            candidates: number;
            /**
             * Format: int64
             * @description Endpoints.
             */
            endpoints: number;
            /** @description Host. */
            host: string;
            /**
             * Format: int32
             * @description Highest sensitivity level in clear.
             */
            level: number;
            /**
             * Format: int64
             * @description Open findings.
             */
            open_findings: number;
        };
        /** @description What became of the records of one source. */
        SourceView: {
            /**
             * Format: int64
             * @description Calls made durable.
             */
            accepted: number;
            /** @description The source's own counters, by name. */
            counters: {
                [key: string]: number;
            };
            /** @description Records dropped. */
            dropped: components["schemas"]["DropView"][];
            /** @description Name of the source. */
            name: string;
            /**
             * Format: int64
             * @description Records handed in; once all is quiet, accepted and dropped ones add up to it.
             */
            received: number;
        };
        /** @description How many calls were answered with one status code. */
        StatusCount: {
            /**
             * Format: int64
             * @description Calls.
             */
            calls: number;
            /**
             * Format: int32
             * @description Status code.
             */
            status: number;
        };
        /** @description How the instance is doing. */
        StatusView: {
            /** @description Ids of detectors that failed and were switched off. */
            detectors_off: string[];
            /** @description Calls that came in. */
            ingest: components["schemas"]["IngestStats"];
            /** @description How often each limit was reached, by name. */
            limits_reached: {
                [key: string]: number;
            };
            /** @description The call log. */
            log: components["schemas"]["LogStats"];
            /** @description What became of the records of each source, since the start. */
            sources: components["schemas"]["SourceView"][];
            /**
             * Format: int64
             * @description Seconds since the start.
             */
            uptime_s: number;
            /** @description Version of Apiarist. */
            version: string;
        };
        /** @description One message of a stream inside a call. */
        StreamMessageView: {
            /** @description Payload when it is text. */
            body: string | null;
            /** @description Payload in base64 when it is not UTF-8. */
            body_b64: string | null;
            /** @description True when the client sent it. */
            from_client: boolean;
            /** @description `text`, `binary`, `event`, ... */
            kind: string;
        };
        /**
         * @description The way an API speaks.
         * @enum {string}
         */
        Style: "rest" | "action" | "graphql" | "json-rpc" | "xml-rpc" | "soap" | "grpc" | "page" | "rpc";
        /** @description Why one segment of a template is a parameter. */
        TemplateEvidenceView: {
            /**
             * Format: int64
             * @description Distinct values it stands on (estimate).
             */
            distinct: number;
            /**
             * Format: float
             * @description Log-odds margin of the decision; larger is surer.
             */
            margin: number;
            /** @description Name of the parameter. */
            param: string;
            /** @description `kind` (its values have the shape of an identifier) or `varies` (words that vary). */
            reason: string;
            /** @description A few values, masked where sensitive. */
            samples: string[];
        };
        /**
         * Format: date-time
         * @description A point in time: RFC 3339 in UTC with microseconds, null when unknown.
         */
        Time: string | null;
        /** @description One thing to do, with the list that shows it. */
        Todo: {
            /** @description What. */
            code: components["schemas"]["TodoCode"];
            /**
             * Format: int64
             * @description How many.
             */
            count: number;
            /** @description Query parameters of that list. */
            filter: {
                [key: string]: string;
            };
            /** @description The list that shows them. */
            list: components["schemas"]["ListName"];
        };
        /**
         * @description What somebody should do now, worded by the console.
         * @enum {string}
         */
        TodoCode: "feed_traffic" | "critical_findings" | "high_findings" | "sensitive_without_auth" | "review_new_endpoints" | "review_candidates";
        /** @description All tokens. */
        TokenList: {
            /** @description By name. */
            rows: components["schemas"]["TokenView"][];
        };
        /** @description A token with which machines push calls. */
        TokenView: {
            /** @description When it was made. */
            created: components["schemas"]["Time"];
            /** @description Who made it. */
            created_by: string;
            /** @description Latest use. */
            last_used: components["schemas"]["Time"];
            /** @description Unique name. */
            name: string;
        };
        /** @description A token just made. */
        TokenWithSecret: {
            /** @description What to send as `Authorization: Bearer …`. It is shown this once. */
            secret: string;
            /** @description The token. */
            token: components["schemas"]["TokenView"];
        };
        /** @description What to change about a user; what is absent stays. */
        UserChange: {
            /** @description Refuse logins and end all sessions. */
            disabled?: boolean;
            /** @description Generate a new password and end all sessions. */
            reset_password?: boolean;
            /** @description What the user may do. */
            role?: components["schemas"]["Role"];
        };
        /** @description All users. */
        UserList: {
            /** @description By name. */
            rows: components["schemas"]["UserView"][];
        };
        /** @description A user of Apiarist. */
        UserView: {
            /** @description When it was made. */
            created: components["schemas"]["Time"];
            /** @description Logins are refused. */
            disabled: boolean;
            /** @description Latest login. */
            last_login: components["schemas"]["Time"];
            /** @description The password was generated and has to be changed. */
            must_change: boolean;
            /** @description Unique name. */
            name: string;
            /** @description What the user may do. */
            role: components["schemas"]["Role"];
        };
        /** @description A user, and the password where one was generated. */
        UserWithPassword: {
            /** @description The generated password. It is shown this once. */
            password: string | null;
            /** @description The user. */
            user: components["schemas"]["UserView"];
        };
        /** @description A weakness that is looked for. */
        WeaknessView: {
            /** @description Weakness enumeration, `CWE-306`. */
            cwe: string[];
            /** @description English texts. */
            en: components["schemas"]["RuleText"];
            /** @description Id of the rule. */
            id: string;
            /** @description OWASP API Security Top 10 entries, `API2:2023`. */
            owasp: string[];
            /** @description How bad a finding of it is as a rule. */
            severity: components["schemas"]["Severity"];
            /** @description Clauses of other standards that it belongs to. */
            standards: string[];
            /** @description Chinese texts. */
            zh: components["schemas"]["RuleText"];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    list_accounts: {
        parameters: {
            query?: {
                /** @description Of this site. */
                host?: string;
                /** @description Name contains this text. */
                text?: string;
                /** @description Number of the page, from 1. */
                page?: number;
                /** @description Most rows on a page. */
                size?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of accounts. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_AccountRow"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_account: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the account, percent-encoded: it contains a slash. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The account. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountDetail"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_calls: {
        parameters: {
            query?: {
                /** @description From this time on (RFC 3339). */
                from?: string;
                /** @description Before this time (RFC 3339). */
                until?: string;
                /** @description Belonging to this endpoint or candidate. */
                endpoint?: string;
                /** @description Of this site. */
                host?: string;
                /** @description With this method. */
                method?: string;
                /** @description With this status: `404`, `4xx` or `400-499`. */
                status?: string;
                /** @description From this address, without port. */
                client?: string;
                /** @description By this account. */
                account?: string;
                /** @description Carrying this data type, in clear or masked. */
                data_type?: string;
                /** @description Carrying the value with this hash. */
                value_hash?: string;
                /** @description Evidence for this rule. */
                rule?: string;
                /** @description Kept out of the inventory (`true`) or in it (`false`). */
                candidate?: boolean;
                /** @description Kept out for this reason. */
                reason?: "unconfirmed" | "scanner" | "static" | "page" | "no-response" | "attack" | "unreadable" | "preflight";
                /** @description Target contains this text. */
                text?: string;
                /** @description By time; newest first by default. */
                order?: "asc" | "desc";
                /** @description Number of the page, from 1. */
                page?: number;
                /** @description Most rows on a page. */
                size?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of calls. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CallRow"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_call_histogram: {
        parameters: {
            query?: {
                /** @description From this time on (RFC 3339). */
                from?: string;
                /** @description Before this time (RFC 3339). */
                until?: string;
                /** @description Belonging to this endpoint or candidate. */
                endpoint?: string;
                /** @description Of this site. */
                host?: string;
                /** @description With this method. */
                method?: string;
                /** @description With this status: `404`, `4xx` or `400-499`. */
                status?: string;
                /** @description From this address, without port. */
                client?: string;
                /** @description By this account. */
                account?: string;
                /** @description Carrying this data type, in clear or masked. */
                data_type?: string;
                /** @description Carrying the value with this hash. */
                value_hash?: string;
                /** @description Evidence for this rule. */
                rule?: string;
                /** @description Kept out of the inventory (`true`) or in it (`false`). */
                candidate?: boolean;
                /** @description Kept out for this reason. */
                reason?: "unconfirmed" | "scanner" | "static" | "page" | "no-response" | "attack" | "unreadable" | "preflight";
                /** @description Target contains this text. */
                text?: string;
                /** @description Number of spans. */
                buckets?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Calls over time. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Histogram"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_call: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the call. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The call. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CallDetail"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_candidates: {
        parameters: {
            query?: {
                /** @description Of this site. */
                host?: string;
                /** @description Kept out for this reason. */
                reason?: "unconfirmed" | "scanner" | "static" | "page" | "no-response" | "attack" | "unreadable" | "preflight";
                /** @description Template contains this text. */
                text?: string;
                /** @description Number of the page, from 1. */
                page?: number;
                /** @description Most rows on a page. */
                size?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of candidates. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_CandidateRow"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_data_map: {
        parameters: {
            query?: {
                /** @description Of this site. */
                host?: string;
                /** @description Of this data type; does not narrow `types`. */
                type?: string;
                /** @description With at least this sensitivity level. */
                level_min?: number;
                /** @description In requests or in responses. */
                side?: "request" | "response";
                /** @description Always masked already (`true`) or seen in clear (`false`). */
                masked?: boolean;
                /** @description Template or place contains this text. */
                text?: string;
                /** @description Number of the page, from 1. */
                page?: number;
                /** @description Most rows on a page. */
                size?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The types and one page of rows. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["DataMap"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_endpoints: {
        parameters: {
            query?: {
                /** @description Of this site. */
                host?: string;
                /** @description With this method. */
                method?: string;
                /** @description In this state of life. */
                state?: "new" | "active" | "dormant";
                /** @description With this exposure. */
                exposure?: "unknown" | "internal" | "open";
                /** @description With this verdict on authentication. */
                auth?: "unknown" | "required" | "mixed" | "none";
                /** @description Of this business purpose. */
                purpose?: string;
                /** @description Carrying this data type. */
                data_type?: string;
                /** @description With at least this sensitivity level in clear. */
                level_min?: number;
                /** @description Template, host or operation contains this text. */
                text?: string;
                /** @description What to sort by; risk by default. */
                sort?: "risk" | "calls" | "errors" | "level" | "template" | "first_seen" | "last_seen";
                /** @description Direction; largest first by default, `template` in alphabetical order. */
                order?: "asc" | "desc";
                /** @description Number of the page, from 1. */
                page?: number;
                /** @description Most rows on a page. */
                size?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of endpoints. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_EndpointRow"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_endpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the endpoint. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The endpoint. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["EndpointDetail"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_findings: {
        parameters: {
            query?: {
                /** @description Of this site. */
                host?: string;
                /** @description On this endpoint. */
                endpoint?: string;
                /** @description By this rule. */
                rule?: string;
                /** @description Exactly this bad. */
                severity?: "info" | "low" | "medium" | "high" | "critical";
                /** @description At least this bad. */
                severity_min?: "info" | "low" | "medium" | "high" | "critical";
                /** @description In this state. */
                state?: "open" | "confirmed" | "ignored" | "fixed";
                /** @description Title or rule contains this text. */
                text?: string;
                /** @description Number of the page, from 1. */
                page?: number;
                /** @description Most rows on a page. */
                size?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page of findings. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Page_FindingRow"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_finding: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the finding. */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The finding. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FindingDetail"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    decide_finding: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Id of the finding. */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["FindingDecision"];
            };
        };
        responses: {
            /** @description The finding as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["FindingDetail"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description It does. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["HealthView"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    ingest: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description Call records, one a line. */
        requestBody: {
            content: {
                "application/x-ndjson": string;
            };
        };
        responses: {
            /** @description What became of the lines. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["IngestResult"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    export_logs: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description `ExportLogsServiceRequest` in protobuf, or in JSON as `application/json`. */
        requestBody: {
            content: {
                "application/x-protobuf": string;
            };
        };
        responses: {
            /** @description `ExportLogsServiceResponse` in the encoding of the request. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-protobuf": string;
                };
            };
            /** @description Refused or failed: `google.rpc.Status` in the encoding of the request. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    export_traces: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** @description `ExportTraceServiceRequest` in protobuf, or in JSON as `application/json`. */
        requestBody: {
            content: {
                "application/x-protobuf": string;
            };
        };
        responses: {
            /** @description `ExportTraceServiceResponse` in the encoding of the request. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/x-protobuf": string;
                };
            };
            /** @description Refused or failed: `google.rpc.Status` in the encoding of the request. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
        };
    };
    get_overview: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The first page. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Overview"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_rules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Everything that is looked for. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["RuleList"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_session: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The user. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    login: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Login"];
            };
        };
        responses: {
            /** @description Logged in. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    logout: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Logged out. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_password: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasswordChange"];
            };
        };
        responses: {
            /** @description Changed. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Me"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_sites: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All sites. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SiteList"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_site_openapi: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Host of the site. */
                host: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The document. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": unknown;
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_status: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description How the instance is doing. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatusView"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_tokens: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All tokens. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenList"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_token: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewToken"];
            };
        };
        responses: {
            /** @description Made; the secret is shown this once. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TokenWithSecret"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    remove_token: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description Name of the token. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Revoked. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    list_users: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All users. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserList"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    add_user: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewUser"];
            };
        };
        responses: {
            /** @description Added; the password is shown this once. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserWithPassword"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    remove_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description User name. */
                name: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Removed. */
            204: {
                headers: {
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    change_user: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description User name. */
                name: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["UserChange"];
            };
        };
        responses: {
            /** @description The user as it is now. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserWithPassword"];
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
    get_metrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Text format 0.0.4. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "text/plain": string;
                };
            };
            /** @description Refused or failed; the code says why. */
            default: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorBody"];
                };
            };
        };
    };
}
