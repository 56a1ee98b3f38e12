package signature

import (
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
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
	public, _, _, _, err := ssh.ParseAuthorizedKey([]byte(key))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, sig, signers []byte) {
		if key, err := verify("a.sig", sig, strings.NewReader("contents")); err == nil {
			t.Fatalf("signed by %v", key)
		}
		if name, err := nameIn(SignersFile, string(signers), public); err != nil && name != "" {
			t.Fatalf("%q and %v", name, err)
		}
	})
}
