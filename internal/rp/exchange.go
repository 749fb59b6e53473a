package rp

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// maxAnswer bounds what the token and userinfo endpoints may answer, in bytes.
const maxAnswer = 256 << 10

// tokens is a token response (OpenID Connect Core section 3.1.3.3). The refresh
// token that ProConnect adds is not used.
type tokens struct {
	access string
	id     string
	at     moment
}

// bearer is the form of an access token that fits into a header (RFC 6750
// section 2.1).
var bearer = regexp.MustCompile(`^[A-Za-z0-9._~+/-]+=*$`)

// exchange sends the code, once: a code that comes twice makes the provider
// revoke the tokens it gave for it.
func (p *Provider) exchange(ctx context.Context, md *metadata, code string, a Attempt) (*tokens, error) {
	req, err := p.tokenRequest(ctx, md, code, a)
	if err != nil {
		return nil, err
	}
	ans, err := p.call(req, StageToken, maxAnswer)
	if err != nil {
		return nil, err
	}
	return parseTokens(ans)
}

// tokenRequest is RFC 6749 section 4.1.3 with client_secret_post, never probed
// with another method first: that would burn the code.
func (p *Provider) tokenRequest(ctx context.Context, md *metadata, code string, a Attempt) (*http.Request, error) {
	form := url.Values{
		"grant_type":    {"authorization_code"},
		"code":          {code},
		"redirect_uri":  {a.RedirectURI},
		"code_verifier": {a.Verifier},
		"client_id":     {p.cfg.ClientID},
		"client_secret": {p.cfg.ClientSecret},
	}.Encode()
	// A body of unknown type has no GetBody: whatever the transport, it cannot
	// be sent a second time.
	body := struct{ io.Reader }{strings.NewReader(form)}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, md.token, body)
	if err != nil {
		return nil, fail(StageToken, Invalid, ReasonEndpoint)
	}
	req.ContentLength = int64(len(form))
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "application/json")
	return req, nil
}

func parseTokens(ans *answer) (*tokens, error) {
	isJSON := ans.mediaType == "application/json"
	doc, err := parseObject(ans.body)
	if code, ok := doc["error"].(string); ok && isJSON && ans.status <= http.StatusInternalServerError {
		return nil, tokenRefusal(ans.status, code) // with a 200 too
	}
	if err := ans.succeeded(StageToken); err != nil {
		return nil, err
	}
	if !isJSON {
		return nil, fail(StageToken, Unavailable, ReasonContentType)
	}
	if err != nil {
		return nil, fail(StageToken, Invalid, ReasonJSON)
	}
	access, _ := doc["access_token"].(string)
	tokenType, _ := doc["token_type"].(string)
	id, _ := doc["id_token"].(string)
	switch {
	case len(access) > maxJWT || !bearer.MatchString(access):
		return nil, fail(StageToken, Invalid, ReasonAccessToken)
	case !strings.EqualFold(tokenType, "Bearer"): // RFC 6749 section 5.1
		return nil, fail(StageToken, Invalid, ReasonTokenType)
	case id == "":
		return nil, fail(StageToken, Invalid, ReasonIDTokenMissing)
	}
	return &tokens{access, id, ans.at}, nil
}

// tokenRefusal reads an error response (RFC 6749 section 5.2).
func tokenRefusal(status int, code string) error {
	e := fail(StageToken, Refused, ReasonRefused)
	e.Code = knownCode(code)
	switch e.Code {
	case "invalid_client":
		e.Kind, e.Reason = Misconfigured, ReasonInvalidClient
	case "unauthorized_client", "unsupported_grant_type":
		e.Kind = Misconfigured
	case "invalid_grant":
		e.Kind, e.Reason = Invalid, ReasonInvalidGrant
	case "server_error":
		// ProConnect's answer where the person's session there ended in between, with
		// status 500. Others go on logging in.
		e.Reason = ReasonSessionGone
	case "temporarily_unavailable":
		e.Kind = Unavailable
	}
	if status != http.StatusOK {
		e.Status = status
	}
	return e
}
