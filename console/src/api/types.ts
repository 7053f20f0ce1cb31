// Short names for the generated types.
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Severity = Schemas["Severity"];
export type FindingState = Schemas["FindingState"];
export type Role = Schemas["Role"];
export type Side = Schemas["Side"];
export type CandidateReason = Schemas["CandidateReason"];
export type Exposure = Schemas["Exposure"];
export type LifeState = Schemas["LifeState"];
export type AuthVerdict = Schemas["AuthVerdict"];

export type EndpointRef = Schemas["EndpointRef"];
export type EndpointRow = Schemas["EndpointRow"];
export type EndpointDetail = Schemas["EndpointDetail"];
export type BodySchema = Schemas["BodySchema"];
export type Risk = Schemas["RiskView"];
export type CandidateRow = Schemas["CandidateRow"];
export type SiteRow = Schemas["SiteRow"];
export type CallRow = Schemas["CallRow"];
export type CallDetail = Schemas["CallDetail"];
export type MessageView = Schemas["MessageView"];
export type Histogram = Schemas["Histogram"];
export type FindingRow = Schemas["FindingRow"];
export type FindingDetail = Schemas["FindingDetail"];
export type AccountRow = Schemas["AccountRow"];
export type AccountDetail = Schemas["AccountDetail"];
export type DataRow = Schemas["DataRow"];
export type DataUse = Schemas["DataUseView"];
export type DataHit = Schemas["DataHitView"];
export type DataMap = Schemas["DataMap"];
export type Overview = Schemas["Overview"];
export type Todo = Schemas["Todo"];
export type RuleList = Schemas["RuleList"];
export type Me = Schemas["Me"];
export type UserView = Schemas["UserView"];
export type TokenView = Schemas["TokenView"];
export type StatusView = Schemas["StatusView"];
export type SourceView = Schemas["SourceView"];
export type DropView = Schemas["DropView"];
