// Package proconnect is a Caddy plugin that puts ProConnect, the French State's
// OpenID Connect login for professionals, in front of any site, decides who may
// enter, and hands the identity on to the directives that follow.
package proconnect
