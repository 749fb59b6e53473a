package sandbox

import "testing"

func TestNew(t *testing.T) {
	good := Config{Issuer: testIssuer, ClientID: testClient, ClientSecret: testSecret}
	if _, err := New(good); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(*Config)
	}{
		{"no client", func(c *Config) { c.ClientID = "" }},
		{"no secret", func(c *Config) { c.ClientSecret = "" }},
		{"no issuer", func(c *Config) { c.Issuer = "" }},
		{"http issuer", func(c *Config) { c.Issuer = "http://sandbox.invalid" }},
		{"slash", func(c *Config) { c.Issuer += "/" }},
		{"query", func(c *Config) { c.Issuer += "?a" }},
		{"alg", func(c *Config) { c.SigningAlg = "none" }},
		{"userinfo alg", func(c *Config) { c.UserinfoSigningAlg = "PS256" }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := good
			tt.change(&cfg)
			if _, err := New(cfg); err == nil {
				t.Error("no error")
			}
		})
	}
}
