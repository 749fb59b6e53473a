package e2e

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
)

// rawOrigin is a site that nobody serves: its answers are read from redirects.
const rawOrigin = "https://raw.localhost"

// rawClient speaks ProConnect's protocol by hand, to hold the provider to what
// is known of ProConnect.
type rawClient struct {
	t      *testing.T
	p      *provider
	id     string
	http   *http.Client
	params url.Values // of the authorization request

	stopped string // the redirect that a client of stopAt did not follow
}

func newRawClient(t *testing.T, p *provider, id string) *rawClient {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c := &rawClient{t: t, p: p, id: id}
	c.http = &http.Client{Jar: jar, CheckRedirect: func(r *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(r.URL.String(), rawOrigin) {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	c.params = url.Values{
		"client_id": {id}, "response_type": {"code"}, "redirect_uri": {rawOrigin + "/.proconnect/callback"},
		"scope": {"openid given_name usual_name email uid siret idp_id roles organization_label"},
		"state": {strings.Repeat("s", 43)}, "nonce": {strings.Repeat("n", 43)},
		"claims": {`{"id_token":{"acr":null,"amr":null}}`},
	}
	return c
}

// stopAt returns a client of the same browser that does not follow a redirect to
// addresses with a prefix, but keeps the first.
func (c *rawClient) stopAt(prefix string) *rawClient {
	s := *c
	s.http = &http.Client{Jar: c.http.Jar, CheckRedirect: func(r *http.Request, via []*http.Request) error {
		if s.stopped == "" && strings.HasPrefix(r.URL.String(), prefix) {
			s.stopped = r.URL.String()
			return http.ErrUseLastResponse
		}
		return c.http.CheckRedirect(r, via)
	}}
	return &s
}

// get goes to an address of the provider.
func (c *rawClient) get(address string) answer {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.do(r)
}

// answer is what the provider ended on: a page of its own, or a redirect to us.
type answer struct {
	status int
	body   string
	at     *url.URL
	back   *url.URL // nil: no redirect to us
}

func (c *rawClient) do(r *http.Request) answer {
	c.t.Helper()
	r.Header.Set("Accept", "text/html")
	res, err := c.http.Do(r.WithContext(c.t.Context()))
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	a := answer{status: res.StatusCode, body: string(body), at: res.Request.URL}
	if to, err := res.Location(); err == nil {
		a.back = to
	}
	return a
}

// authorize sends the authorization request.
func (c *rawClient) authorize() answer {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodGet, c.p.issuer+"/authorize?"+c.params.Encode(), nil)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.do(r)
}

// post sends a form, to a page or to an endpoint.
func (c *rawClient) post(to string, form url.Values) answer {
	c.t.Helper()
	r, err := http.NewRequest(http.MethodPost, to, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.do(r)
}

// login goes through the login page as somebody.
func (c *rawClient) login(form url.Values) answer {
	c.t.Helper()
	page := c.authorize()
	if !strings.Contains(page.body, "provider-login") {
		c.t.Fatalf("got %d at %s, want the login page: %s", page.status, page.at, page.body)
	}
	return c.post(page.at.String(), form)
}

// token exchanges the code of an answer.
func (c *rawClient) token(a answer, verifier string) (status int, tokens map[string]any) {
	c.t.Helper()
	form := url.Values{
		"grant_type": {"authorization_code"}, "code": {a.back.Query().Get("code")},
		"redirect_uri": c.params["redirect_uri"], "client_id": {c.id}, "client_secret": {secretOf(c.id)},
	}
	if verifier != "" {
		form.Set("code_verifier", verifier)
	}
	got := c.post(c.p.issuer+"/token", form)
	if got.status == http.StatusOK {
		c.parse(got.body, &tokens)
	}
	return got.status, tokens
}

// userinfo returns the media type and the body of the userinfo answer.
func (c *rawClient) userinfo(accessToken string) (status int, mediaType, body string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.p.issuer+"/userinfo", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+accessToken)
	res, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return res.StatusCode, res.Header.Get("Content-Type"), string(b)
}

// verified returns the payload of a token signed by one algorithm.
func (c *rawClient) verified(token, alg string) map[string]any {
	c.t.Helper()
	jws, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
	if err != nil {
		c.t.Fatal(err)
	}
	payload, err := jws.Verify(c.key(jws.Signatures[0].Header.KeyID, alg))
	if err != nil {
		c.t.Fatal(err)
	}
	var claims map[string]any
	c.parse(string(payload), &claims)
	return claims
}

func (c *rawClient) key(kid, alg string) any {
	c.t.Helper()
	if alg == "HS256" {
		return []byte(secretOf(c.id))
	}
	res, err := c.http.Get(c.p.issuer + "/jwks")
	if err != nil {
		c.t.Fatal(err)
	}
	defer res.Body.Close()
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(res.Body).Decode(&set); err != nil {
		c.t.Fatal(err)
	}
	keys := set.Key(kid)
	if len(keys) != 1 {
		c.t.Fatalf("kid %q: got %d keys, want one", kid, len(keys))
	}
	return keys[0]
}

func (c *rawClient) parse(s string, into any) {
	c.t.Helper()
	if err := json.Unmarshal([]byte(s), into); err != nil {
		c.t.Fatalf("%v: %s", err, s)
	}
}
