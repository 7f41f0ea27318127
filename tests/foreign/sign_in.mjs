// A foreign issuer (oidc-provider) and a foreign client (openid-client) on one side, our authenticator on the other.
// Prints the issuer's address, reads the API's, then prints one JSON line per request made.
import { createServer } from 'node:http';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { generateKeyPair, exportJWK } from 'jose';
import { Provider } from 'oidc-provider';
import * as client from 'openid-client';

const signing = await generateKeyPair('ES256', { extractable: true });
const server = createServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;
const software = (client_id) => ({
  client_id, client_secret: 'secret', grant_types: ['client_credentials'], redirect_uris: [], response_types: [],
  dpop_bound_access_tokens: true, id_token_signed_response_alg: 'ES256',
});
const RETURN = 'https://poste.example/retour';
const browser = {
  client_id: 'navigateur', client_secret: 'secret', grant_types: ['authorization_code'], redirect_uris: [RETURN],
  response_types: ['code'], require_pushed_authorization_requests: true, dpop_bound_access_tokens: true,
  id_token_signed_response_alg: 'ES256',
};
const provider = new Provider(issuer, {
  clients: [software('urgences'), software('poste'), browser],
  jwks: { keys: [{ ...await exportJWK(signing.privateKey), kid: 'foreign-1', alg: 'ES256', use: 'sig' }] },
  enabledJWA: { dPoPSigningAlgValues: ['ES256', 'Ed25519', 'PS256', 'RS256'] },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    dPoP: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'urn:beffroi',
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({
        scope: 'system', audience: 'urn:beffroi', accessTokenFormat: 'jwt', accessTokenTTL: 120,
        jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
  extraTokenClaims: (_ctx, token) => (token.clientId !== 'urgences' ? {
    SubjectNameID: 'ANS-FOREIGN-1', SubjectRole: ['10^1.2.250.1.213.1.1.5.5'], SubjectOrganizationID: '590000001',
  } : {}),
  findAccount: (_ctx, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  loadExistingGrant: async (ctx) => {
    const { client: { clientId }, session: { accountId } } = ctx.oidc;
    const grant = new provider.Grant({ clientId, accountId });
    grant.addOIDCScope('openid');
    grant.addResourceScope('urn:beffroi', 'system');
    await grant.save();
    return grant;
  },
});
const answers = provider.callback();
server.on('request', (request, response) => (request.url.startsWith('/interaction/')
  ? provider.interactionFinished(request, response, { login: { accountId: 'ANS-FOREIGN-1' } })
  : answers(request, response)));
console.log(issuer);

// A browser of few words: it follows redirections with its cookies until it is sent back to the software.
async function visit(url) {
  const cookies = new Map();
  for (let place = url; ;) {
    const cookie = [...cookies].map(([key, value]) => `${key}=${value}`).join('; ');
    const answer = await fetch(place, { redirect: 'manual', headers: { cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [key, value] = line.split(';')[0].split('=');
      cookies.set(key, value);
    }
    if (!answer.headers.has('location')) throw new Error(await answer.text());
    place = new URL(answer.headers.get('location'), place);
    if (place.href.startsWith(RETURN)) return place;
  }
}

// The software's own token, or that of somebody who signs in: by a pushed request (RFC 9126), with PKCE.
async function tokensOf(config, name, DPoP) {
  if (name !== 'navigateur') return client.clientCredentialsGrant(config, {}, { DPoP });
  const pkceCodeVerifier = client.randomPKCECodeVerifier();
  const asked = await client.buildAuthorizationUrlWithPAR(config, {
    redirect_uri: RETURN, scope: 'openid system', code_challenge_method: 'S256',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  }, { DPoP });
  if (!asked.searchParams.has('request_uri') || asked.searchParams.has('scope')) throw new Error('nothing was pushed');
  return client.authorizationCodeGrant(config, await visit(asked), { pkceCodeVerifier }, undefined, { DPoP });
}

const [api] = await once(createInterface({ input: process.stdin }), 'line');
for (const name of ['urgences', 'poste', 'navigateur']) {
  const config = await client.discovery(new URL(issuer), name, 'secret', undefined, { execute: [client.allowInsecureRequests] });
  for (const algorithm of ['ES256', 'PS256', 'RS256', 'Ed25519']) {
    const DPoP = client.getDPoPHandle(config, await client.randomDPoPKeyPair(algorithm));
    const tokens = await tokensOf(config, name, DPoP);
    for (const path of ['/fhir/Patient?birthdate=1985-03-12', '/fhir/Patient/abc%2Fd%C3%A9']) {
      let answer, followed = 0;
      for (;;) {
        try {
          answer = await client.fetchProtectedResource(
            config, tokens.access_token, new URL(api + path), 'GET', undefined, undefined, { DPoP });
          break;
        } catch (error) {
          if (!client.isDPoPNonceError?.(error) && error.cause?.[0]?.parameters?.error !== 'use_dpop_nonce') throw error;
          followed += 1;
        }
      }
      console.log(JSON.stringify({ name, algorithm, followed, status: answer.status, body: await answer.text() }));
    }
  }
}
process.exit(0);
