/** Server-sent events, read from a text that comes in pieces of any size. */

export interface ServerEvent {
  /** "message" unless the server names it. */
  name: string;
  data: string;
}

export class EventReader {
  private rest = "";

  /** The events that are complete with this piece. Comments, which only keep the connection alive, are none. */
  read(piece: string): ServerEvent[] {
    const blocks = (this.rest + piece).split("\n\n");
    this.rest = blocks.pop() ?? "";
    return blocks.map(parse).filter((event) => event !== undefined);
  }
}

function parse(block: string): ServerEvent | undefined {
  let name = "message";
  const data: string[] = [];
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) name = line.slice(7);
    else if (line.startsWith("data: ")) data.push(line.slice(6));
  }
  return data.length > 0 ? { name, data: data.join("\n") } : undefined;
}
