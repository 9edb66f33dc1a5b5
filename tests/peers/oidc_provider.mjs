// The certified OpenID provider "oidc-provider", set up by one JSON argument:
//   base, prefix, port, tls, routes, pkce, scopes, clients, accounts, profiles.
// `accounts` are claims by login name.  `profiles` are the answers of a provider's own API by path,
// given for a valid access token: {"/me": {"alice": {...}}}.
import http from 'node:http';
import https from 'node:https';
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, text] = process.argv.slice(2);
const config = JSON.parse(text);
const entry = path.join(folder, 'node_modules/oidc-provider/lib/index.js');
const { default: Provider } = await import(pathToFileURL(entry));

const provider = new Provider(config.base + config.prefix, {
  clients: config.clients,
  routes: config.routes,
  scopes: config.scopes,
  pkce: { required: () => config.pkce },
  conformIdTokenClaims: false,
  claims: { openid: ['sub', ...new Set(Object.values(config.accounts).flatMap(Object.keys))] },
  cookies: { keys: ['only-for-tests'] },
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: true } },
  findAccount: (ctx, id) => ({ accountId: id, claims: () => ({ sub: id, ...config.accounts[id] }) }),
});
provider.proxy = true;

async function profile(request, response) {
  const token = await provider.AccessToken.find((request.headers.authorization ?? '').slice(7));
  const found = token && config.profiles[request.url.split('?')[0]][token.accountId];
  response.writeHead(found ? 200 : 401, { 'content-type': 'application/json' });
  response.end(JSON.stringify(found ?? {}));
}

const callback = provider.callback();
function serve(request, response) {
  if (request.url.split('?')[0] in config.profiles) return profile(request, response);
  request.originalUrl = request.url;
  request.url = request.url.slice(config.prefix.length) || '/';
  // A default scope (RFC 6749, 3.3), for providers whose apps name none.
  if (request.url.includes('response_type=code') && !request.url.includes('scope=')) request.url += '&scope=openid';
  return callback(request, response);
}

const server = config.tls
  ? https.createServer({ key: fs.readFileSync(config.tls.key), cert: fs.readFileSync(config.tls.cert) }, serve)
  : http.createServer(serve);
server.listen(config.port, '127.0.0.1', () => console.log('ready'));
