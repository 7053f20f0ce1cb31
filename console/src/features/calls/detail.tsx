// The page of one call.
import { useParams } from "react-router";
import { CallBody } from "./body";

export default function CallPage() {
  const { id = "" } = useParams();
  return <CallBody id={id} page />;
}
