package sandbox

import (
	"encoding/json"
	"errors"
	"slices"
)

// claimRequest is OpenID Connect Core §5.5.1; null asks without conditions.
type claimRequest struct {
	Essential bool     `json:"essential"`
	Value     string   `json:"value"`
	Values    []string `json:"values"`
}

// parseClaims reads the claims parameter (OpenID Connect Core §5.5). Claims asked
// for under "userinfo" are ignored: scopes decide those.
func (a *authorization) parseClaims(raw string) error {
	if raw == "" {
		return nil
	}
	var top map[string]json.RawMessage
	if err := json.Unmarshal([]byte(raw), &top); err != nil || top == nil {
		return errors.New("claims: want a JSON object")
	}
	for name := range top {
		// The documentation's samples wrap it all in a further "claims".
		if name != "id_token" && name != "userinfo" {
			return errors.New("claims: want id_token or userinfo at the top")
		}
	}
	var asked map[string]*claimRequest
	if top["id_token"] != nil && json.Unmarshal(top["id_token"], &asked) != nil {
		return errors.New("claims: id_token: want an object of claims")
	}
	_, a.wantACR = asked["acr"]
	_, a.wantAMR = asked["amr"]
	return a.requireACR(asked["acr"])
}

// requireACR keeps the values that ProConnect knows of an essential acr. One that
// is not essential is ignored.
func (a *authorization) requireACR(acr *claimRequest) error {
	if acr == nil || !acr.Essential || acr.Value == "" && len(acr.Values) == 0 {
		return nil
	}
	for _, v := range append(acr.Values, acr.Value) {
		if slices.Contains(acrValues, v) {
			a.essentialACR = append(a.essentialACR, v)
		}
	}
	if a.essentialACR == nil {
		return errors.New("claims: acr: no known value; the real server would loop endlessly")
	}
	return nil
}
