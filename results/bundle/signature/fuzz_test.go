package signature

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/crypto/ssh"
)

// FuzzOf verifies arbitrary signatures with arbitrary lists of signers: none of them is valid.
func FuzzOf(f *testing.F) {
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
	bundle := filepath.Join(f.TempDir(), "a.noisebench.tar.zst")
	if err := os.WriteFile(bundle, []byte("contents"), 0o666); err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, sig, signers []byte) {
		for path, text := range map[string][]byte{
			bundle + Extension: sig, filepath.Join(filepath.Dir(bundle), SignersFile): signers,
		} {
			if err := os.WriteFile(path, text, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		if signer, err := Of(bundle); err == nil {
			t.Fatalf("signed by %v", signer)
		}
		name, err := nameOf(filepath.Join(filepath.Dir(bundle), SignersFile), public)
		if err != nil && name != "" {
			t.Fatalf("%q and %v", name, err)
		}
	})
}
