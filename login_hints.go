package proconnect

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strings"
)

// loginOptions are what a login asks of ProConnect for the gate that wants it. They
// travel in the login's address, because the first gate of a site answers it for
// all of them.
type loginOptions struct {
	acr  []string // the levels of which one is required; none: any will do
	gate string   // the key of the hints of the gate that asked; empty: of the one that answers
}

// query is the options as they follow another parameter of an address.
func (o loginOptions) query() string {
	var q string
	if len(o.acr) > 0 {
		q = "&acr_values=" + url.QueryEscape(strings.Join(o.acr, " "))
	}
	if o.gate != "" {
		q += "&gate=" + o.gate
	}
	return q
}

// hints spare people ProConnect's questions: they suggest and check nothing.
type hints struct{ idp, siret, email string }

// key names the hints in an address. It is made of what they say, not of the
// gate's position: a page that was sent before a reload, or by another node, still
// means the same.
func (g hints) key() string {
	sum := sha256.Sum256([]byte(g.idp + "\x00" + g.siret))
	return hex.EncodeToString(sum[:4])
}
