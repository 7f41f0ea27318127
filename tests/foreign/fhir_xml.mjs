// Converts with npm `fhir`: each line {"json": resource, "xml": text} is answered {"json": its own of xml, "xml": its own of json}.
import fhir from "fhir";
import readline from "node:readline";

const converter = new fhir.Fhir();
for await (const line of readline.createInterface({ input: process.stdin })) {
  const given = JSON.parse(line);
  const answer = { json: converter.xmlToObj(given.xml), xml: converter.objToXml(given.json) };
  process.stdout.write(JSON.stringify(answer) + "\n");
}
