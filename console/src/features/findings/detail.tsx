// The page of one finding.
import { useParams } from "react-router";
import { FindingBody } from "./body";

export default function FindingPage() {
  const { id = "" } = useParams();
  return <FindingBody id={id} page />;
}
