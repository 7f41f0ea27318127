// openid-client with the Keycloak of argv[2] and our API at argv[3]: an application, then a person, each with DPoP.
// Prints one JSON line per request made.
import * as client from 'openid-client';

const [issuer, api] = process.argv.slice(2);
for (const name of ['urgences', 'poste']) {
  const config = await client.discovery(new URL(issuer), name, 'secret', undefined, { execute: [client.allowInsecureRequests] });
  const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair('ES256'));
  const tokens = name === 'poste'
    ? await client.genericGrantRequest(config, 'password', { username: 'claire', password: 'mot-de-passe', scope: 'openid' }, { DPoP })
    : await client.clientCredentialsGrant(config, {}, { DPoP });
  for (const bound of [true, false]) {
    let answer;
    for (let turn = 0; turn < 3; turn += 1) {
      try {
        answer = bound
          ? await client.fetchProtectedResource(config, tokens.access_token, new URL(`${api}/fhir/Patient`), 'GET', undefined, undefined, { DPoP })
          : await fetch(`${api}/fhir/Patient`, { headers: { authorization: `Bearer ${tokens.access_token}` } });
        break;
      } catch (error) {
        if (error.cause?.[0]?.parameters?.error !== 'use_dpop_nonce' && !client.isDPoPNonceError?.(error)) throw error;
      }
    }
    console.log(JSON.stringify({ name, bound, type: tokens.token_type.toLowerCase(), status: answer.status, body: await answer.text() }));
  }
}
process.exit(0);
