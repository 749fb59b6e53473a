package rp

import (
	"net/url"
	"strings"
	"testing"
)

func TestParseResponse(t *testing.T) {
	for name, row := range map[string]struct {
		query string
		want  Reason
	}{
		"success":            {"code=c&state=s&iss=https%3A%2F%2Fx", ""},
		"error":              {"error=login_required&state=s&iss=https%3A%2F%2Fx", ""},
		"unknown parameter":  {"code=c&state=s&session_state=x", ""},
		"code 4 kB":          {"state=s&code=" + strings.Repeat("c", 4<<10), ""},
		"empty":              {"", ReasonState},
		"code missing":       {"state=s", ReasonCode},
		"code empty":         {"state=s&code=", ReasonCode},
		"code over 4 kB":     {"state=s&code=" + strings.Repeat("c", 4<<10+1), ReasonCode},
		"code with CRLF":     {"state=s&code=a%0d%0ab", ReasonCode},
		"code not ASCII":     {"state=s&code=%c3%a9", ReasonCode},
		"code and error":     {"state=s&code=c&error=access_denied", ReasonCodeAndError},
		"empty code, error":  {"state=s&code=&error=access_denied", ReasonCodeAndError},
		"code, empty error":  {"state=s&code=c&error=", ReasonCodeAndError},
		"code twice":         {"state=s&code=c&code=d", ReasonRepeated},
		"state twice":        {"state=s&state=s&code=c", ReasonRepeated},
		"iss twice":          {"state=s&code=c&iss=a&iss=a", ReasonRepeated},
		"unknown twice":      {"state=s&code=c&x=1&x=1", ReasonRepeated},
		"twice, escaped":     {"state=s&code=c&%63ode=d", ReasonRepeated},
		"state missing":      {"code=c", ReasonState},
		"state empty":        {"code=c&state=", ReasonState},
		"state over-long":    {"code=c&state=" + strings.Repeat("s", maxState+1), ReasonState},
		"state with NUL":     {"code=c&state=a%00", ReasonState},
		"iss empty":          {"code=c&state=s&iss=", ReasonResponseIss},
		"iss not ASCII":      {"code=c&state=s&iss=%ff", ReasonResponseIss},
		"malformed escape":   {"code=%zz&state=s", ReasonQuery},
		"cut escape":         {"code=c&state=s%4", ReasonQuery},
		"semicolon":          {"code=c;state=s", ReasonQuery},
		"20 kB":              {"code=c&state=s&x=" + strings.Repeat("x", 20<<10), ReasonQuery},
		"error empty":        {"state=s&error=", ReasonErrorCode},
		"error with a quote": {"state=s&error=a%22", ReasonErrorCode},
		"error with CRLF":    {"state=s&error=a%0d%0a", ReasonErrorCode},
		"error 200 long":     {"state=s&error=" + strings.Repeat("e", 200), ReasonErrorCode},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseResponse(row.query)
			if row.want != "" {
				outcome{StageCallback, Invalid, row.want}.check(t, err)
				if got != (Response{}) {
					t.Errorf("got %+v beside an error", got)
				}
				return
			}
			if err != nil || got.State != "s" {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

// What the description says reaches logs: no line of its own, no turned
// direction, no flood.
func TestErrorDescription(t *testing.T) {
	for name, row := range map[string]struct{ sent, want string }{
		"CRLF":          {"a\r\nlevel=error", "alevel=error"},
		"bidi override": {"a\u202eb", "ab"},
		"invalid UTF-8": {"a\xff\xfeb", "ab"},
		"escape":        {"\x1b[31mred", "[31mred"},
		"10 kB":         {strings.Repeat("d", 10<<10), strings.Repeat("d", 200)},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseResponse("state=s&error=server_error&error_description=" + url.QueryEscape(row.sent))
			if err != nil || got.ErrorDescription != row.want {
				t.Errorf("got %q, %v", got.ErrorDescription, err)
			}
		})
	}
}

// An answer from another server must never reach the token endpoint (mix-up),
// nor be taken for an error of ours.
func TestResponseIssuer(t *testing.T) {
	for name, row := range map[string]struct {
		iss        func(string) string
		error      string
		advertised any
		want       Reason
	}{
		"right":                {func(s string) string { return s }, "", true, ""},
		"right, unannounced":   {func(s string) string { return s }, "", nil, ""},
		"missing, unannounced": {func(string) string { return "" }, "", nil, ""},
		"missing, announced":   {func(string) string { return "" }, "", true, ReasonResponseNoIss},
		"missing on an error":  {func(string) string { return "" }, "access_denied", true, ReasonResponseNoIss},
		"wrong":                {func(string) string { return "https://evil.example" }, "", true, ReasonResponseIss},
		"wrong, unannounced":   {func(string) string { return "https://evil.example" }, "", nil, ReasonResponseIss},
		"wrong on an error":    {func(string) string { return "https://evil.example" }, "login_required", true, ReasonResponseIss},
		"a slash more":         {func(s string) string { return s + "/" }, "", true, ReasonResponseIss},
		"capitals":             {strings.ToUpper, "", true, ReasonResponseIss},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			f.document = f.document.With("authorization_response_iss_parameter_supported", row.advertised)
			r := f.response()
			r.Iss = row.iss(r.Iss)
			if r.Error = row.error; r.Error != "" {
				r.Code = ""
			}
			_, err := f.finishWith(t, r, f.attempt())
			if row.want == "" {
				if err != nil {
					t.Error(err)
				}
				return
			}
			outcome{StageCallback, Invalid, row.want}.check(t, err)
			f.wantCalls(t, 0, 0)
		})
	}
}

func TestRefusals(t *testing.T) {
	for name, row := range map[string]struct {
		query               string
		reason              Reason
		code, detail, scope string
	}{
		"login_required":   {"error=login_required", ReasonRefused, "login_required", "", ""},
		"hint":             {"error=idp_hint_not_found", ReasonRefused, "idp_hint_not_found", "", ""},
		"unknown":          {"error=%3Cevil%3E", ReasonRefused, "other", "", ""},
		"acr":              {"error=access_denied&error_description=requested+ACRs+could+not+be+satisfied", ReasonACRUnsatisfied, "access_denied", "", ""},
		"acr elsewhere":    {"error=server_error&error_description=requested+ACRs+could+not+be+satisfied", ReasonRefused, "server_error", "", ""},
		"blocked":          {"error=access_denied&error_description=%3Cb%3E+Y500024+evil", ReasonIdentity, "access_denied", "Y500024", ""},
		"identity":         {"error=access_denied&error_description=access+denied%3A+invalid+identity", ReasonIdentity, "access_denied", "", ""},
		"limited":          {"error=access_denied&error_description=access+denied%3A+configuration+limitation", ReasonClientLimited, "access_denied", "", ""},
		"public only":      {"error=access_denied&error_description=Y500015", ReasonClientLimited, "access_denied", "Y500015", ""},
		"cancelled":        {"error=access_denied&error_description=user+authentication+aborted", ReasonAborted, "access_denied", "", ""},
		"failed there":     {"error=invalid_request&error_description=authentication+aborted+due+to+a+technical+error", ReasonAborted, "invalid_request", "", ""},
		"our fault":        {"error=invalid_request&error_description=unsupported+prompt", ReasonRefused, "invalid_request", "", ""},
		"limited, else":    {"error=server_error&error_description=configuration+limitation", ReasonRefused, "server_error", "", ""},
		"scope":            {"error=invalid_scope&scope=belonging_population", ReasonRefused, "invalid_scope", "", "belonging_population"},
		"scope with CRLF":  {"error=invalid_scope&scope=a%0d%0ab", ReasonRefused, "invalid_scope", "", ""},
		"scope with words": {"error=invalid_scope&scope=a+b", ReasonRefused, "invalid_scope", "", ""},
		"scope elsewhere":  {"error=access_denied&scope=a", ReasonRefused, "access_denied", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake(t, RS256, RS256)
			r, err := ParseResponse("state=s&" + row.query + "&iss=" + url.QueryEscape(f.cfg.Issuer))
			if err != nil {
				t.Fatal(err)
			}
			_, err = f.finishWith(t, r, f.attempt())
			e := (outcome{StageCallback, Refused, row.reason}).check(t, err)
			if e.Code != row.code || e.Detail != row.detail || e.Scope != row.scope {
				t.Errorf("got code %q, detail %q, scope %q", e.Code, e.Detail, e.Scope)
			}
			f.wantCalls(t, 0, 0)
		})
	}
}
