package proconnect

import (
	"cmp"
	"encoding/json"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"github.com/caddy-proconnect/caddy-proconnect/internal/rules"
)

// problemTypes is where the types of problem documents are explained.
const problemTypes = "https://github.com/caddy-proconnect/caddy-proconnect#"

// problemDocument is an answer for programs (RFC 9457).
type problemDocument struct {
	Type      string   `json:"type"`
	Title     string   `json:"title"`
	Status    int      `json:"status"`
	LoginURL  string   `json:"login_url,omitempty"`
	LogoutURL string   `json:"logout_url,omitempty"`
	ACRValues []string `json:"acr_values,omitempty"`
	Reason    string   `json:"reason,omitempty"`
	Reference string   `json:"reference,omitempty"`
}

// unauthorized tells a program that a person has to log in, and where.
func (x *exchange) unauthorized(loginURL string) error {
	doc := problemDocument{
		Type: problemTypes + "login_required", Title: "Log in with ProConnect",
		Status: http.StatusUnauthorized, LoginURL: loginURL,
	}
	if x.judged && x.decision.Outcome == rules.StepUp {
		doc.Type, doc.Title = problemTypes+"step_up_required", "Log in with ProConnect at another level of assurance"
		doc.ACRValues = x.decision.ACR
	}
	if !x.judged || x.decision.Outcome == rules.Login {
		if x.overdue() {
			doc.Type, doc.Title = problemTypes+"renewal_required", "Pass by ProConnect to renew the session"
		}
	}
	x.w.Header().Set("WWW-Authenticate", "ProConnect")
	if fromHTMX(x.r) {
		x.w.Header().Set("HX-Redirect", loginURL)
	}
	return x.document(doc)
}

// forbidden tells a program that the rules refuse the person.
//
// To htmx it shows the page of the refusal only where a person followed a link
// (hx-boost). A part of a page that loads by itself is refused again each time the
// page opens: were it sent elsewhere, nobody could use the rest of the page.
func (x *exchange) forbidden() error {
	if boosted(x.r) && x.r.Method == http.MethodGet {
		x.w.Header().Set("HX-Redirect", x.pageAsked(x.r))
	}
	return x.document(problemDocument{
		Type: problemTypes + "refused", Title: "The rules of this site do not admit this person",
		Status: http.StatusForbidden, Reason: x.reason(), LogoutURL: x.logoutURL(),
	})
}

func (x *exchange) document(doc problemDocument) error {
	x.gate.client.app.bodies.drop(x.w, x.r)
	doc.Title, doc.Reference = cmp.Or(doc.Title, http.StatusText(doc.Status)), x.reference
	body, err := json.Marshal(doc)
	if err != nil {
		return caddyhttp.Error(http.StatusInternalServerError, err)
	}
	x.w.Header().Set("Content-Type", "application/problem+json")
	x.w.Header().Set("Vary", "Cookie")
	if fromHTMX(x.r) { // htmx 4 puts answers of every status into the page
		x.w.Header().Set("HX-Reswap", "none")
	}
	return send(x.w, x.r, doc.Status, append(body, '\n'))
}
