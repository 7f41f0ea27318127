// openid-client with the Keycloak of argv[2] and our API at argv[3]: an application with a secret and one with a key of its own
// (private_key_jwt, the JWK in argv[4]); a person by password, by her telephone (CIBA, which asks at port argv[5]), and
// through an application that exchanges her token (RFC 8693). Each with DPoP. Prints one JSON line per request made.
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { importJWK } from 'jose';
import * as client from 'openid-client';

const [issuer, api, jwk, port] = process.argv.slice(2);
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token';
const claire = { username: 'claire', password: 'mot-de-passe', scope: 'openid' };

// Her telephone: it is asked, and she agrees.
createServer(async (request, answer) => {
  let asked = '';
  for await (const piece of request) asked += piece;
  answer.writeHead(201).end();
  await fetch(`${issuer}/protocol/openid-connect/ext/ciba/auth/callback`, {
    method: 'POST', body: JSON.stringify({ status: JSON.parse(asked).binding_message === '42' ? 'SUCCEED' : 'CANCELLED' }),
    headers: { authorization: request.headers.authorization, 'content-type': 'application/json' },
  });
}).listen(Number(port), '127.0.0.1');

async function discovered(name, authentication) {
  const options = { execute: [client.allowInsecureRequests] };
  return client.discovery(new URL(issuer), name, authentication ? undefined : 'secret', authentication, options);
}

const key = await importJWK(JSON.parse(readFileSync(jwk, 'utf8')), 'ES256');
const signed = () => discovered('relais', client.PrivateKeyJwt(key));
const ways = {
  urgences: async (DPoP) => client.clientCredentialsGrant(await discovered('urgences'), {}, { DPoP }),
  poste: async (DPoP) => client.genericGrantRequest(await discovered('poste'), 'password', claire, { DPoP }),
  telephone: async (DPoP) => {
    const config = await discovered('telephone');
    const parameters = { scope: 'openid', login_hint: 'claire', binding_message: '42', acr_values: 'eidas1' };
    const asked = await client.initiateBackchannelAuthentication(config, parameters);
    return client.pollBackchannelAuthenticationGrant(config, asked, undefined, { DPoP });
  },
  exchange: async (DPoP) => {
    const hers = await client.genericGrantRequest(await discovered('navigateur'), 'password', claire);
    const parameters = { subject_token: hers.access_token, subject_token_type: ACCESS_TOKEN, requested_token_type: ACCESS_TOKEN };
    return client.genericGrantRequest(await signed(), EXCHANGE, parameters, { DPoP });
  },
};

for (const [name, way] of Object.entries(ways)) {
  const DPoP = client.getDPoPHandle(await discovered('poste'), await client.randomDPoPKeyPair('ES256'));
  const tokens = await way(DPoP);
  for (const bound of [true, false]) {
    let answer;
    for (let turn = 0; turn < 3; turn += 1) {
      try {
        answer = bound
          ? await client.fetchProtectedResource(await discovered('poste'), tokens.access_token, new URL(`${api}/fhir/Patient`), 'GET', undefined, undefined, { DPoP })
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
