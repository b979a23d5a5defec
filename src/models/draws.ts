// What models fold into a key: a name for every use, for two that shared a number would draw the same.

/** Folded into the key of a VAE's parameters and of its loss. */
export const VAE_DRAWS = { encoder: 0, posterior: 1, decoder: 2, sample: 3 } as const;

/** Folded into the key of an autoencoder's parameters and of its loss. */
export const AUTOENCODER_DRAWS = { encoder: 0, decoder: 1 } as const;

/** Folded into the key of a VQ-VAE's parameters and of its loss. */
export const VQ_VAE_DRAWS = { encoder: 0, decoder: 1, codebook: 2 } as const;

/** Folded into the key of a codebook's step. */
export const CODEBOOK_DRAWS = { place: 0, restart: 1 } as const;
