// A foreign FHIR client (fhir-kit-client) against the address in argv[2]: prints one JSON line of what it understood.
import { Client as FhirClient } from 'fhir-kit-client';

const client = new FhirClient({ baseUrl: process.argv[2], customHeaders: { Authorization: 'DPoP token' } });
const statement = await client.capabilityStatement();
const pages = [];
let bundle = await client.search({ resourceType: 'Patient', searchParams: { family: 'Mar', given: 'L', birthdate: '1980-05-17', _count: 2 } });
while (bundle) {
  pages.push(bundle.entry.map((entry) => entry.resource.name[0].given[0]));
  bundle = await client.nextPage({ bundle });
}
const posted = await client.resourceSearch({
  resourceType: 'Patient',
  searchParams: { family: 'Mar', given: 'L', birthdate: '1980-05-17' },
  options: { postSearch: true },
});
const patient = await client.read({ resourceType: 'Patient', id: posted.entry[0].resource.id });
const matched = await client.operation({
  name: 'match',
  resourceType: 'Patient',
  input: { resourceType: 'Patient', name: [{ family: 'MARTIN', given: ['L0'] }], birthDate: '1980-05-17' },
});
let refusal;
try {
  await client.read({ resourceType: 'Patient', id: 'nobody' });
} catch (error) {
  refusal = { status: error.response.status, code: error.response.data.issue[0].code };
}
console.log(JSON.stringify({
  version: statement.fhirVersion, pages, posted: posted.total, family: patient.name[0].family,
  certain: matched.entry[0].search.score, refusal,
}));
