// Command ledger_fsck checks a published ledger over HTTP with github.com/transparency-dev/tessera's fsck: every entry,
// tile and the root of the checkpoint; and with github.com/transparency-dev/formats the cosignature of a witness.
//
// Usage: ledger_fsck URL ORIGIN VERIFIER_KEY [WITNESS_KEY]
package main

import (
	"context"
	"fmt"
	"net/url"
	"os"

	f_log "github.com/transparency-dev/formats/log"
	f_note "github.com/transparency-dev/formats/note"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"golang.org/x/mod/sumdb/note"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Println("not verified:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	address, err := url.Parse(args[0])
	if err != nil {
		return err
	}
	origin := args[1]
	verifier, err := note.NewVerifier(args[2])
	if err != nil {
		return err
	}
	fetcher, err := client.NewHTTPFetcher(address, nil)
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := fsck.New(origin, verifier, fetcher, leafHashes, fsck.Opts{N: 2}).Check(ctx); err != nil {
		return err
	}
	raw, err := fetcher.ReadCheckpoint(ctx)
	if err != nil {
		return err
	}
	var witnesses []note.Verifier
	for _, key := range args[3:] {
		witness, err := f_note.NewVerifierForCosignatureV1(key)
		if err != nil {
			return err
		}
		witnesses = append(witnesses, witness)
	}
	checkpoint, _, opened, err := f_log.ParseCheckpoint(raw, origin, verifier, witnesses...)
	if err != nil {
		return err
	}
	if len(opened.Sigs) != 1+len(witnesses) {
		return fmt.Errorf("%d of %d signatures", len(opened.Sigs), 1+len(witnesses))
	}
	fmt.Printf("verified %d entries, %d cosignatures\n", checkpoint.Size, len(witnesses))
	return nil
}

// leafHashes gives the leaf hash of each entry of a bundle.
func leafHashes(bundle []byte) ([][]byte, error) {
	entries := &api.EntryBundle{}
	if err := entries.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, entry := range entries.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}
