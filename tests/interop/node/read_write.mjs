// Reads and writes records of the contracts with kafkajs and protobufjs, without the serializers of a registry.
//
// node read_write.mjs read FOLDER BOOTSTRAP COUNT      prints the first records of both topics, a line of JSON for each
// node read_write.mjs write FOLDER BOOTSTRAP REGISTRY  sends the records that it reads, in the same form
//
// FOLDER is what `pragma-contracts schemas --form flat-proto --out FOLDER` wrote.

import { readFileSync } from "node:fs";
import { join } from "node:path";

import kafkajs from "kafkajs";
import lz4 from "lz4-napi";
import protobuf from "protobufjs";
import protojson from "protobufjs/ext/protojson.js";

const { CompressionCodecs, CompressionTypes, Kafka, Partitioners, logLevel } = kafkajs;

const FILES = {
  "pragma-prices-v1": ["price.proto", "pragma.market.v1.Price"],
  "pragma-orderbook-v1": ["market_depth.proto", "pragma.market.v1.MarketDepth"],
};
// A zero, the schema's id in four bytes, and a zero, which says that the message is the first of its file.
const HEADER = 6;

// What our producers compress with, and kafkajs has no code for.
CompressionCodecs[CompressionTypes.LZ4] = () => ({
  compress: ({ buffer }) => lz4.compressFrame(buffer),
  decompress: (buffer) => lz4.decompressFrame(buffer),
});

const [command, folder, bootstrap, last] = process.argv.slice(2);
const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.ERROR });
// A root for each: the files share names.
const types = Object.fromEntries(
  Object.entries(FILES).map(([topic, [file, name]]) => [topic, protobuf.loadSync(join(folder, file)).lookupType(name)]),
);

async function read(count) {
  const consumer = kafka.consumer({ groupId: "node" });
  await consumer.connect();
  await consumer.subscribe({ topics: Object.keys(FILES), fromBeginning: true });
  await new Promise((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    const eachMessage = async ({ topic, partition, message: { key, value } }) => {
      const message = protojson.toJson(types[topic], types[topic].decode(value.subarray(HEADER)));
      console.log(JSON.stringify({ topic, partition, key: key.toString(), message }));
      if (--count === 0) resolve();
    };
    consumer.run({ autoCommit: false, eachMessage }).catch(reject);
  });
  await consumer.disconnect();
}

async function header(registry, topic) {
  const response = await fetch(`${registry}/subjects/${topic}-value/versions/latest`);
  if (!response.ok) throw new Error(`${response.url}: ${response.status} ${await response.text()}`);
  const header = Buffer.alloc(HEADER);
  header.writeUInt32BE((await response.json()).id, 1);
  return header;
}

async function write(registry) {
  const headers = {};
  // Partitions as Java's clients choose them, and ours; kafkajs warns when the choice is left to it.
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (const line of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
    const { topic, key, message } = JSON.parse(line);
    headers[topic] ??= await header(registry, topic);
    const data = types[topic].encode(protojson.fromJson(types[topic], message)).finish();
    const value = Buffer.concat([headers[topic], data]);
    await producer.send({ topic, compression: CompressionTypes.LZ4, messages: [{ key, value }] });
  }
  await producer.disconnect();
}

await (command === "write" ? write(last) : read(Number(last)));
