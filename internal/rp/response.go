package rp

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

const (
	maxQuery       = 16 << 10
	maxCode        = 4 << 10
	maxState       = 1200
	maxDescription = 200
)

// Response is what the browser brings to the callback: an authorization
// response (RFC 6749 sections 4.1.2 and 4.1.2.1, RFC 9207).
type Response struct {
	Code  string
	State string
	Iss   string // empty if absent

	Error string // as sent, of the characters that RFC 6749 allows; empty on success

	// ErrorDescription is what the provider said of the error, reduced to
	// printable ASCII and 200 characters. It may still be markup, and anybody's:
	// it is for logs, quoted, and not for pages.
	ErrorDescription string

	// Scope is the scope that invalid_scope is about, if it looks like one.
	Scope string
}

var (
	scopeName       = regexp.MustCompile(`^[A-Za-z0-9_:.-]{1,64}$`)
	proconnectError = regexp.MustCompile(`\bY[0-9]{6}\b`)
)

// ParseResponse reads the query of a callback. It takes what the standards call
// a response and nothing that two readers could read differently.
func ParseResponse(rawQuery string) (Response, error) {
	if len(rawQuery) > maxQuery {
		return Response{}, fail(StageCallback, Invalid, ReasonQuery)
	}
	q, err := url.ParseQuery(rawQuery)
	if err != nil {
		return Response{}, fail(StageCallback, Invalid, ReasonQuery)
	}
	for _, values := range q {
		// RFC 6749 section 3.1: parameters must not be included more than once.
		if len(values) > 1 {
			return Response{}, fail(StageCallback, Invalid, ReasonRepeated)
		}
	}
	r := Response{Code: q.Get("code"), State: q.Get("state"), Iss: q.Get("iss"), Error: q.Get("error")}
	if why := r.fault(q); why != "" {
		return Response{}, fail(StageCallback, Invalid, why)
	}
	if r.Error != "" {
		r.ErrorDescription = printable(q.Get("error_description"))
		if s := q.Get("scope"); scopeName.MatchString(s) {
			r.Scope = s
		}
	}
	return r, nil
}

// fault says what is wrong with a response, if anything is.
func (r *Response) fault(q url.Values) Reason {
	switch {
	case r.State == "" || len(r.State) > maxState || !visible(r.State):
		return ReasonState
	case q.Has("iss") && (r.Iss == "" || len(r.Iss) > maxEndpoint || !visible(r.Iss)):
		return ReasonResponseIss
	case q.Has("code") && q.Has("error"):
		return ReasonCodeAndError
	case q.Has("error") && !errorCode(r.Error):
		return ReasonErrorCode
	case !q.Has("error") && (r.Code == "" || len(r.Code) > maxCode || !visible(r.Code)):
		return ReasonCode
	}
	return ""
}

// errorCode is RFC 6749 section 4.1.2.1: %x20-21 / %x23-5B / %x5D-7E.
func errorCode(s string) bool {
	return s != "" && len(s) <= 128 && !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r > '~' || r == '"' || r == '\\'
	})
}

// printable drops what is not printable ASCII: line breaks that would forge log
// lines, and characters that reverse the direction of text.
func printable(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return -1
		}
		return r
	}, s)
	return s[:min(len(s), maxDescription)]
}

// CheckIssuer is RFC 9207 section 2.4, before anything else is done with
// the response, an error response too:
//
//   - iss, decoded, is compared with the issuer that the request was sent to, byte
//     by byte (RFC 3986 section 6.2.1); another one is refused;
//   - a response without iss is refused where the provider announces to send it
//     (section 3), which is only asked for then;
//   - the right iss of a provider that announces nothing is taken: whoever sent it
//     knew where the request went, which the section leaves to local policy.
//
// ParseResponse has made sure that there is one iss.
func (p *Provider) CheckIssuer(ctx context.Context, iss string) error {
	if iss != "" {
		if iss != p.cfg.Issuer {
			return fail(StageCallback, Invalid, ReasonResponseIss)
		}
		return nil
	}
	md, err := p.discovery.get(ctx, p)
	if err != nil {
		return err
	}
	if md.issAdvertised {
		return fail(StageCallback, Invalid, ReasonResponseNoIss)
	}
	return nil
}

// refusalGroups tell apart what ProConnect answers by one code. It says in words
// what it once said by a number.
var refusalGroups = []struct {
	says   string
	codes  []string
	reason Reason
}{
	{"requested ACRs could not be satisfied", []string{"access_denied"}, ReasonACRUnsatisfied},
	{"invalid identity", []string{"access_denied"}, ReasonIdentity},
	{"Y500024", []string{"access_denied"}, ReasonIdentity}, // blocked
	{"configuration limitation", []string{"access_denied"}, ReasonClientLimited},
	{"Y500015", []string{"access_denied"}, ReasonClientLimited}, // public agents only
	{"Y500025", []string{"access_denied"}, ReasonClientLimited}, // emails of some domains only
	{"aborted", []string{"access_denied", "invalid_request"}, ReasonAborted},
}

// refusal is an error answer as an error.
func (r *Response) refusal() error {
	e := fail(StageCallback, Refused, ReasonRefused)
	e.Code = knownCode(r.Error)
	e.Detail = proconnectError.FindString(r.ErrorDescription)
	for _, group := range refusalGroups {
		if slices.Contains(group.codes, e.Code) && strings.Contains(r.ErrorDescription, group.says) {
			e.Reason = group.reason
			break
		}
	}
	if e.Code == "invalid_scope" {
		e.Scope = r.Scope
	}
	return e
}
