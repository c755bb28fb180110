// A real authorization server (npm oidc-provider) with one client that may ask for balances, and the
// bank's API, which may ask what a token is worth. Settings come from the environment; each request
// is a line in LOG, written before it is answered.
import { appendFileSync } from 'node:fs';
import { Provider } from 'oidc-provider';

const { PORT, LOG, LIFETIME_S, CLIENT_ID, CLIENT_SECRET, API_ID, API_SECRET } = process.env;

const client = {
  redirect_uris: [],
  response_types: [],
  token_endpoint_auth_method: 'client_secret_post',
};

const provider = new Provider(`http://127.0.0.1:${PORT}`, {
  clients: [
    {
      ...client,
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      grant_types: ['client_credentials'],
      scope: 'balances.read',
    },
    { ...client, client_id: API_ID, client_secret: API_SECRET, grant_types: [] },
  ],
  scopes: ['balances.read', 'payments.write'],
  routes: { token: '/token', introspection: '/introspection', revocation: '/revocation' },
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: {
      enabled: true,
      allowedPolicy: (ctx, caller) => caller.clientId === API_ID,
    },
    revocation: { enabled: true },
  },
  ttl: { ClientCredentials: Number(LIFETIME_S) },
});

provider.use(async (ctx, next) => {
  appendFileSync(LOG, `${ctx.method} ${ctx.path}\n`);
  await next();
});

provider.listen(Number(PORT), '127.0.0.1');
