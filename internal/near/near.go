// Package near finds the word that somebody meant: a typing error, a French word, or
// what another program calls it.
package near

import (
	"fmt"
	"slices"
	"strings"
)

// otherWords are what people write for a word of ours: in French, or from another
// program.
var otherWords = map[string]string{
	"autoriser": "allow", "autorise": "allow", "permettre": "allow", "permit": "allow", "grant": "allow", "accept": "allow", "allowed": "allow",
	"refuser": "deny", "refuse": "deny", "interdire": "deny", "bloquer": "deny", "block": "deny", "forbid": "deny", "reject": "deny",
	"environnement": "environment", "env": "environment", "titre": "title", "public": "audience", "lien": "link", "erreurs": "errors",
	"connexion": "login", "chemin": "path", "entetes": "headers", "2fa": "mfa", "totp": "mfa", "double_authentification": "mfa",
	"redirect_uri": "callback_path", "redirect_url": "callback_path", "post_logout_redirect_uri": "logged_out_path",
	"id": "client_id", "scope": "scopes", "claim": "claims", "authority": "ca", "trusted_ca": "ca",
	"algorithm": "signing_alg", "id_token_signed_response_alg": "signing_alg", "userinfo_signed_response_alg": "userinfo_signing_alg",
	"ttl": "lifetime", "duration": "lifetime", "duree": "lifetime", "cookie": "cookie_name", "key": "secret", "keys": "secret", "cle": "secret",
	"courriel": "email", "mail": "email", "mel": "email", "adresse": "email", "phone": "phone_number", "telephone": "phone_number", "tel": "phone_number",
	"family_name": "usual_name", "last_name": "usual_name", "nom": "usual_name", "first_name": "given_name", "prenom": "given_name",
	"unit": "organizational_unit", "unite": "organizational_unit", "service": "organizational_unit", "department": "organizational_unit", "direction": "organizational_unit",
	"population": "belonging_population", "organisation": "organization_label", "organization": "organization_label", "structure": "organization_label",
	"idp": "idp_id", "provider": "idp_id", "groups": "roles", "level": "acr", "niveau": "acr",
	"prod": "production", "preprod": "integration", "preproduction": "integration", "pre-production": "integration", "staging": "integration", "test": "integration",
	"int": "integration", "dev": "sandbox", "development": "sandbox", "local": "sandbox", "bac_a_sable": "sandbox", "rie": "production-rie",
}

var plainLetters = strings.NewReplacer("é", "e", "è", "e", "ê", "e", "É", "e", "ô", "o", "à", "a")

// Word returns the word among those that are known which was most likely meant; empty
// if none was.
func Word(word string, known []string) string {
	word = plainLetters.Replace(strings.ToLower(word))
	for _, meant := range []string{word, otherWords[word]} {
		if slices.Contains(known, meant) {
			return meant
		}
	}
	best, least := "", 2 // letters that differ
	if len(word) > 5 {
		least = 3
	}
	for _, k := range known {
		if d := distance(word, k); d < least {
			best, least = k, d
		}
	}
	return best
}

// DidYouMean asks for the nearest word, in front of what is wanted.
func DidYouMean(word string, known []string) string {
	if meant := Word(word, known); meant != "" {
		return fmt.Sprintf("did you mean %s? ", meant)
	}
	return ""
}

// distance counts the letters to change, add, leave out or swap with the next one (the
// optimal string alignment distance).
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
