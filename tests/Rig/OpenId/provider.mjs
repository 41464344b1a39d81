// A real OpenID Connect provider on loopback, with its own pages for signing in and consenting. Any password is right.
import { readFileSync } from 'node:fs';
import { Agent, createServer } from 'node:https';
import Provider from 'oidc-provider';

const settings = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const authority = readFileSync(settings.authority);

// Its own pages do not say how somebody signed in; those who are listed say it, and reach their class of sign-in only when they are asked for it.
class TestProvider extends Provider {
  async interactionResult(request, response, result, options) {
    if (result.login) {
      const person = settings.people[result.login.accountId];
      const { params } = await this.interactionDetails(request, response);
      result.login.amr = person?.amr;
      if (params.acr_values?.split(' ').includes(person?.acr)) result.login.acr = person.acr;
    }
    return super.interactionResult(request, response, result, options);
  }
}

const provider = new TestProvider(settings.issuer, {
  clients: settings.clients,
  cookies: { keys: ['only for tests'] },
  acrValues: ['urn:montalegre:card'],
  claims: { openid: ['sub', 'sid', 'amr', 'acr'], profile: ['preferred_username', 'name'], groups: ['groups'] },
  conformIdTokenClaims: settings.claimsInIdToken ? false : true,
  features: { backchannelLogout: { enabled: true }, rpInitiatedLogout: { enabled: true }, devInteractions: { enabled: true } },
  pkce: { required: () => true, methods: ['S256'] },
  ttl: { Session: 3600, Grant: 3600, Interaction: 3600, IdToken: 3600, AccessToken: 3600 },
  // Whoever types a name is a person; those who are listed have more to say about themselves.
  findAccount: (context, id) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id, name: `Pessoa ${id}`, ...settings.people[id] }) }),
  // What it tells others goes to loopback only, and trusts the test's own authority.
  httpOptions: () => ({ agent: new Agent({ ca: authority }), signal: AbortSignal.timeout(30000) }),
});
provider.on('server_error', (context, error) => console.error('server_error', error));
provider.on('backchannel.error', (context, error, client) => console.error('backchannel.error', client.clientId, error));

createServer({ cert: readFileSync(settings.certificate), key: readFileSync(settings.key) }, provider.callback()).listen(settings.port, settings.address, () => console.log('listening'));
