export function DatabasePage({ project }: { project: string }) {
  return <p>{project}</p>;
}
