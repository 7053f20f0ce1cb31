// The console's words in English, one file per feature.
import shell from "./shell.json";
import session from "./session.json";
import common from "./common.json";
import errors from "./errors.json";
import overview from "./overview.json";
import endpoints from "./endpoints.json";
import calls from "./calls.json";
import findings from "./findings.json";
import accounts from "./accounts.json";
import data from "./data.json";
import settings from "./settings.json";
import codes from "./codes.json";

export const en = { shell, session, common, errors, overview, endpoints, calls, findings, accounts, data, settings, codes };
