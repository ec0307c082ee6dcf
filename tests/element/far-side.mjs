// Reads commands as lines of JSON ({id, device, do, with}), answers each with a line ({id, ok} or {id, error}), and tells
// by lines of its own ({device, told}) what happens by itself. Many devices of many people live in one process.
import { createInterface } from "node:readline";
import { logger } from "matrix-js-sdk/lib/logger.js";
import { Device } from "./device.mjs";

logger.setLevel("silent");
for (const noise of ["log", "info", "debug", "warn"]) console[noise] = () => {};

const devices = new Map();
const write = (line) => process.stdout.write(JSON.stringify(line) + "\n");

function device(name) {
  if (!devices.has(name)) devices.set(name, new Device((told) => write({ device: name, told })));
  return devices.get(name);
}

async function obey({ id, device: name, do: command, with: words = {} }) {
  try {
    write({ id, ok: (await device(name)[command](words)) ?? null });
  } catch (error) {
    write({ id, error: String(error?.message ?? error) });
  }
}

createInterface({ input: process.stdin })
  .on("line", (line) => obey(JSON.parse(line)))
  .on("close", () => { for (const one of devices.values()) one.leave(); process.exit(0); });
process.on("unhandledRejection", (error) => process.stderr.write(`${error?.stack ?? error}\n`));
