// Applications at a foreign issuer (oidc-provider): one that signs its own assertion (private_key_jwt) and proves its key with
// npm dpop, one that is known by its certificate (mutual TLS). argv: the folder of key.json, client.pem, client.key, server.pem
// and server.key. Prints the issuer's address, reads the API's, then prints one JSON line per request made.
import { createServer } from 'node:http';
import https from 'node:https';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { SignJWT, exportJWK, generateKeyPair, importJWK } from 'jose';
import * as DPoP from 'dpop';
import { Provider } from 'oidc-provider';

const [folder] = process.argv.slice(2);
const file = (name) => readFileSync(`${folder}/${name}`, 'utf8');
const { d, ...publicKey } = JSON.parse(file('key.json'));
const certificate = new X509Certificate(file('client.pem'));
const signing = await generateKeyPair('ES256', { extractable: true });
const server = createServer();
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;
const software = { grant_types: ['client_credentials'], redirect_uris: [], response_types: [], id_token_signed_response_alg: 'ES256' };
const provider = new Provider(issuer, {
  clients: [
    { ...software, client_id: 'urgences', token_endpoint_auth_method: 'private_key_jwt', dpop_bound_access_tokens: true,
      token_endpoint_auth_signing_alg: 'ES256', jwks: { keys: [{ ...publicKey, use: 'sig', alg: 'ES256' }] } },
    { ...software, client_id: 'automate', token_endpoint_auth_method: 'tls_client_auth',
      tls_client_auth_subject_dn: certificate.subject, tls_client_certificate_bound_access_tokens: true },
  ],
  clientAuthMethods: ['private_key_jwt', 'tls_client_auth'],
  jwks: { keys: [{ ...await exportJWK(signing.privateKey), kid: 'foreign-1', alg: 'ES256', use: 'sig' }] },
  enabledJWA: { clientAuthSigningAlgValues: ['ES256'] },
  features: {
    devInteractions: { enabled: false }, clientCredentials: { enabled: true }, dPoP: { enabled: true },
    mTLS: {
      enabled: true, certificateBoundAccessTokens: true, tlsClientAuth: true,
      getCertificate: (ctx) => ctx.socket.getPeerX509Certificate?.()?.toString(),
      certificateAuthorized: (ctx) => ctx.socket.authorized,
      certificateSubjectMatches: (ctx, _property, expected) => ctx.socket.getPeerX509Certificate().subject === expected,
    },
    resourceIndicators: {
      enabled: true, defaultResource: () => 'urn:beffroi',
      getResourceServerInfo: () => ({
        scope: 'system', audience: 'urn:beffroi', accessTokenFormat: 'jwt', accessTokenTTL: 120, jwt: { sign: { alg: 'ES256' } },
      }),
    },
  },
});
server.on('request', provider.callback());
const secure = https.createServer(
  { key: file('server.key'), cert: file('server.pem'), ca: file('client.pem'), requestCert: true, rejectUnauthorized: true }, provider.callback());
secure.listen(0, '127.0.0.1');
await once(secure, 'listening');
console.log(issuer);

const [api] = await once(createInterface({ input: process.stdin }), 'line');
const form = (values) => new URLSearchParams({ grant_type: 'client_credentials', ...values }).toString();
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const tell = async (name, bound, answer) => console.log(JSON.stringify({ name, bound, status: answer.status, body: await answer.text() }));

const holder = await DPoP.generateKeyPair('ES256');
const assertion = await new SignJWT({ jti: crypto.randomUUID() }).setProtectedHeader({ alg: 'ES256' }).setIssuer('urgences')
  .setSubject('urgences').setAudience(issuer).setIssuedAt().setExpirationTime('1m').sign(await importJWK(JSON.parse(file('key.json')), 'ES256'));
const granted = await (await fetch(`${issuer}/token`, {
  method: 'POST', headers: { ...FORM, DPoP: await DPoP.generateProof(holder, `${issuer}/token`, 'POST') },
  body: form({ client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer', client_assertion: assertion }),
})).json();
const url = `${api}/fhir/Patient`;
const { headers } = await fetch(url);
for (const key of [holder, await DPoP.generateKeyPair('ES256')]) {
  const proof = await DPoP.generateProof(key, url, 'GET', headers.get('dpop-nonce'), granted.access_token);
  await tell('urgences', key === holder, await fetch(url, { headers: { authorization: `DPoP ${granted.access_token}`, DPoP: proof } }));
}

const request = https.request({
  host: '127.0.0.1', port: secure.address().port, path: '/token', method: 'POST', headers: FORM,
  key: file('client.key'), cert: file('client.pem'), ca: file('server.pem'), checkServerIdentity: () => undefined,
});
request.end(form({ client_id: 'automate' }));
const [reply] = await once(request, 'response');
let text = '';
for await (const piece of reply) text += piece;
const { access_token: token } = JSON.parse(text);
// The certificate as a reverse proxy hands it on, which took it from the connection (RFC 9440).
for (const shown of [certificate, new X509Certificate(file('server.pem')), undefined]) {
  const passed = shown ? { 'client-cert': `:${shown.raw.toString('base64')}:` } : {};
  await tell('automate', shown === certificate, await fetch(url, { headers: { authorization: `Bearer ${token}`, ...passed } }));
}
process.exit(0);
