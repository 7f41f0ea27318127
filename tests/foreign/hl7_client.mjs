// A foreign MLLP client (node-hl7-client): sends the messages of stdin (one JSON string a line), prints each reply.
import { Client, Message } from 'node-hl7-client';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [port, ca, cert, key] = process.argv.slice(2);
const tls = ca ? { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key), servername: 'localhost' } : undefined;
const client = new Client({ host: '127.0.0.1', ...(tls ? { tls } : {}) });
let answered = () => {};
const connection = client.createConnection({ port: Number(port), encoding: 'utf-8' }, async (reply) => answered(reply));
for await (const line of createInterface({ input: process.stdin })) {
  const reply = new Promise((resolve) => { answered = resolve; });
  await connection.sendMessage(new Message({ text: JSON.parse(line) }));
  console.log(JSON.stringify((await reply).getMessage().toString()));
}
await connection.close();
process.exit(0);
