package proconnect_test

// noMetadata drops Fetch Metadata, which older browsers and programs do not send.
var noMetadata = []string{"Sec-Fetch-Mode", "", "Sec-Fetch-Dest", "", "Sec-Fetch-Site", ""}

// with is headers and further ones, which replace those before them.
func with(headers []string, more ...string) []string {
	return append(append([]string(nil), headers...), more...)
}
