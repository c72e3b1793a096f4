// A result in pieces: anything async iterable can be the body, such as a file or a pipeline.

import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

async function* numbered(file) {
  let number = 1;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    yield `${number++} ${line}\n`;
  }
}

export const handler = async (event) => ({
  statusCode: 200,
  headers: { 'content-type': 'text/plain; charset=utf-8' },
  body: numbered(event.file ?? '/code/poem.txt'),
});
