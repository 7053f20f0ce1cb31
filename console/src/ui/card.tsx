// A framed section with its title, and facts as name and value.
import { Fragment, type ReactNode } from "react";

export function Card(props: { title?: ReactNode; extra?: ReactNode; children: ReactNode }) {
  return (
    <section className="card">
      {props.title !== undefined && (
        <header>
          <h2>{props.title}</h2>
          {props.extra}
        </header>
      )}
      <div className="body">{props.children}</div>
    </section>
  );
}

/** Facts as rows; a fact without a value is left out. */
export function Facts({ rows }: { rows: readonly (readonly [string, ReactNode])[] }) {
  return (
    <dl className="facts">
      {rows.map(([name, value]) =>
        value === null || value === undefined ? null : (
          <Fragment key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </Fragment>
        ),
      )}
    </dl>
  );
}
