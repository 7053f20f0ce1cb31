// The mark: a bee on a cell of its comb.

export function Logo({ size = 26 }: { size?: number }) {
  return <img src="/logo.svg" width={size} height={size} alt="" />;
}
