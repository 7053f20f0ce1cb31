// The page of one account.
import { useParams } from "react-router";
import { AccountBody } from "./body";

export default function AccountPage() {
  const { id = "" } = useParams();
  return <AccountBody id={id} page />;
}
