package proconnect

import (
	"encoding/json"
	"net/http"

	"github.com/caddyserver/caddy/v2/modules/caddyhttp"
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
func (h *Handler) unauthorized(w http.ResponseWriter, r *http.Request, v *visit, loginURL string) error {
	doc := problemDocument{
		Type: problemTypes + "login_required", Title: "Log in with ProConnect",
		Status: http.StatusUnauthorized, LoginURL: loginURL,
	}
	if v.word == wordStepUp {
		doc.Type, doc.Title = problemTypes+"step_up_required", "Log in with ProConnect at another level of assurance"
		doc.ACRValues = v.decision.ACR
	}
	w.Header().Set("WWW-Authenticate", "ProConnect")
	if fromHTMX(r) {
		w.Header().Set("HX-Redirect", loginURL)
	}
	return h.document(w, r, v, doc)
}

// forbidden tells a program that the rules refuse the person.
//
// To htmx it shows the page of the refusal only where a person followed a link
// (hx-boost). A part of a page that loads by itself is refused again each time the
// page opens: were it sent elsewhere, nobody could use the rest of the page.
func (h *Handler) forbidden(w http.ResponseWriter, r *http.Request, v *visit) error {
	if boosted(r) && r.Method == http.MethodGet {
		w.Header().Set("HX-Redirect", v.pageAsked(r))
	}
	return h.document(w, r, v, problemDocument{
		Type: problemTypes + "refused", Title: "The rules of this site do not admit this person",
		Status: http.StatusForbidden, Reason: v.reason(), LogoutURL: v.logoutURL(),
	})
}

func (h *Handler) document(w http.ResponseWriter, r *http.Request, v *visit, doc problemDocument) error {
	h.client.app.bodies.drop(w, r)
	if doc.Title == "" {
		doc.Title = http.StatusText(doc.Status)
	}
	doc.Reference = v.reference
	body, err := json.Marshal(doc)
	if err != nil {
		return caddyhttp.Error(http.StatusInternalServerError, err)
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Vary", "Cookie")
	return send(w, r, doc.Status, append(body, '\n'))
}
