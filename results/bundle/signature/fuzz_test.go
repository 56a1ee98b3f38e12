package signature

import (
	"strings"
	"testing"
)

// FuzzVerify verifies arbitrary signatures with arbitrary lists of signers: none of them is valid.
func FuzzVerify(f *testing.F) {
	const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGPKSUTyz1HwHReFVvD5obVsALAgJRNarH4TRpNePnAS"
	const armor = "-----BEGIN SSH SIGNATURE-----\n"
	f.Add([]byte(""), []byte(""))
	f.Add([]byte(armor), []byte("alice "+key))
	f.Add([]byte(armor+"U1NIU0lHAAAAAQ==\n-----END SSH SIGNATURE-----\n"), []byte(`"a b" namespaces="noisebench,x*" `+key))
	f.Add([]byte(armor+"U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgY8pJRPLPUfAdF4VW8PmhtWwAsCAlE1qsfhNGk14+cBIAAAAK"+
		"bm9pc2ViZW5jaAAAAAAAAAAGc2hhNTEyAAAAAA==\n-----END SSH SIGNATURE-----\n"), []byte("a\n#\n\nb cert-authority "+key))
	f.Add([]byte(miniSignature), []byte("bob minisign "+miniKey))
	f.Fuzz(func(t *testing.T, sig, list []byte) {
		signers, err := parseSigners("signers", string(list))
		if err != nil && signers != nil {
			t.Fatalf("%v and %v", signers, err)
		}
		if s, err := signers.signed("a.sig", sig, strings.NewReader("other contents")); err == nil {
			t.Fatalf("%v", s)
		}
		if s, err := signers.minisigned("a.minisig", sig, strings.NewReader("other contents")); err == nil && !s.Unverified {
			t.Fatalf("%v", s)
		}
	})
}
