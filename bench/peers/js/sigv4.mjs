// The JavaScript SDK's signer. Arguments: file of requests, rounds.
import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";

import { SignatureV4 } from "@smithy/signature-v4";

// Node's own hashes, as the SDK uses them in Node.
class Sha256 {
  constructor(secret) {
    this.hash = secret ? createHmac("sha256", Buffer.from(secret)) : createHash("sha256");
  }
  update(data) {
    this.hash.update(typeof data === "string" ? data : Buffer.from(data));
  }
  async digest() {
    return new Uint8Array(this.hash.digest());
  }
}

const [file, roundsText] = process.argv.slice(2);
const rounds = Number(roundsText);
const requests = readFileSync(file, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
const signers = new Map();
for (const { service, region } of requests) {
  const key = `${service}/${region}`;
  if (signers.has(key)) continue;
  signers.set(key, new SignatureV4({
    service,
    region,
    sha256: Sha256,
    applyChecksum: false,
    credentials: { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" },
  }));
}
const prepared = requests.map((one) => {
  const url = new URL(one.url);
  const headers = { host: url.host, "content-type": one.contentType };
  if (one.target) headers["x-amz-target"] = one.target;
  const date = one.date.replace(/(....)(..)(..)T(..)(..)(..)Z/, "$1-$2-$3T$4:$5:$6Z");
  return {
    signer: signers.get(`${one.service}/${one.region}`),
    date: new Date(date),
    request: { method: "POST", protocol: "https:", hostname: url.hostname, path: url.pathname, headers, body: one.body },
  };
});

let signatures = [];
async function once() {
  signatures = [];
  for (const { signer, request, date } of prepared) {
    const signed = await signer.sign(request, { signingDate: date });
    signatures.push(signed.headers.authorization);
  }
}
await once(); // lets the compiler warm up
const cpu = process.cpuUsage();
for (let round = 0; round < rounds; ++round) await once();
const used = process.cpuUsage(cpu);
console.log(JSON.stringify({
  signed: rounds * prepared.length,
  cpu_s: (used.user + used.system) / 1e6,
  signatures: signatures.map((text) => text.slice(text.lastIndexOf("Signature=") + "Signature=".length)),
}));
