// The page of one API.
import { useParams } from "react-router";
import { EndpointBody } from "./body";

export default function EndpointPage() {
  const { id = "" } = useParams();
  return <EndpointBody id={id} page />;
}
