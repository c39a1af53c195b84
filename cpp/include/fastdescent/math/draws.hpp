// Random numbers of a counter, a key and a block's number: Philox4x32-10, and what is made of its words. All in
// float64, whatever the rows are. python/fastdescent/program/elementary/{philox,normal,shuffle,draws}.py say more.
#pragma once

#include "fastdescent/math/log.hpp"
#include "fastdescent/math/polynomial.hpp"
#include "fastdescent/math/trig.hpp"

namespace fastdescent::FD_ISA {

inline constexpr int n_parts = 7;  ///< of a counter, and of a key
inline constexpr double whole_shift = 0x1p52;
inline constexpr int64_t word_mask = 0xffffffff;
inline constexpr uint32_t weyl[] = {0x9e3779b9, 0xbb67ae85};  // the golden ratio, sqrt(3) - 1

/// The parts of a counter or a key.
struct Parts {
  VD v[n_parts];
};
struct Words {
  ID v[4];
};
struct Numbers {
  VD v[4];
};

/// The integer 0 <= x < 2^52.
FD_INLINE ID whole(VD x) { return bits(x + whole_shift) & ((int64_t{1} << 52) - 1); }

/// 0 <= i < 2^52 as a number.
FD_INLINE VD real(ID i) { return reals(i | bits(splat<double>(whole_shift))) - whole_shift; }

FD_INLINE ID word(VD low, VD high) { return whole(low) | (whole(high) << 16); }

/// Four random words, in the lower halves; the upper ones may hold anything.
FD_INLINE Words philox(Words c, ID k0, ID k1) {
#pragma GCC unroll 10
  for (int round = 0; round < 10; ++round) {
    if (round) k0 += weyl[0], k1 += weyl[1];
    const ID p = mul32(isplat<double>(0xd2511f53), c.v[0]), q = mul32(isplat<double>(0xcd9e8d57), c.v[2]);
    c = {{ushr(q, 32) ^ c.v[1] ^ k0, q, ushr(p, 32) ^ c.v[3] ^ k1, p}};
  }
  return c;
}

/// A multiple of 2^-53 in (0, 1], of two words.
FD_INLINE VD uniform(ID low, ID high) {
  const ID all = (((high << 21) | ushr(low & word_mask, 11)) & ((int64_t{1} << 53) - 1)) + 1;
  return fma(real(ushr(all, 26)), splat<double>(0x1p-27), real(all & ((1 << 26) - 1)) * 0x1p-53);
}

/// A whole number below n, of a random word.
FD_INLINE ID scaled(ID random, ID n) { return ushr(mul32(random, n), 32); }

FD_INLINE VD turned(VD a, ID quadrant) { return reals(bits(a) ^ ((quadrant & 2) << 62)); }

/// sqrt(-2 log u) cos(2 pi v) and sqrt(-2 log u) sin(2 pi v), 0 < u, v <= 1.
FD_INLINE Numbers normal_pair(VD u, VD v) {
  using C = TrigConstants<double>;
  const VD radius = sqrt(-2.0 * log_of_normal<double>(u));
  constexpr double shift = Format<double>::round_shift, half_pi = 1.5707963267948966;
  const VD shifted = fma(v, splat<double>(4), splat<double>(shift));
  const VD r = fma(v, splat<double>(4), shift - shifted) * half_pi;
  const VD z = r * r, z2 = z * z;
  const VD sine = fma(-(r * z), polynomial<double>(z, z2, C::sine), r);
  const VD half = fma(splat<double>(-0.5), z, splat<double>(1));
  const VD cosine = fma(-z2, polynomial<double>(z, z2, C::cosine), half);
  const ID quadrant = bits(shifted), odd = (quadrant & 1) != 0;
  return {
      {radius * turned(select(odd, sine, cosine), quadrant + 1), radius * turned(select(odd, cosine, sine), quadrant)}};
}

/// A mixture of the lower 32 bits, in these (C. Wellons' lowbias32).
FD_INLINE ID hashed(ID x) {
  x &= word_mask;
  x ^= ushr(x, 16);
  x = mul32(x, isplat<double>(0x7feb352d)) & word_mask;
  x ^= ushr(x, 15);
  x = mul32(x, isplat<double>(0x846ca68b)) & word_mask;
  return x ^ ushr(x, 16);
}

/// Where 0 <= x < n goes, by swap-or-not; the words tell one permutation from another.
FD_INLINE ID shuffled(ID x, ID n, const Words& words) {
  const ID a = words.v[0] & word_mask, b = words.v[1] & word_mask;
  for (int64_t round = 0; round < 20; ++round) {
    const ID k = scaled(hashed(a + (round * weyl[0] & word_mask)), n);
    ID partner = k - x;
    partner += n & (partner >> 63);
    const ID apart = partner - x, larger = x + (apart & ((x - partner) >> 63));
    const ID bit = ushr(hashed((larger ^ b) + (round * weyl[1] & word_mask)), 31);
    x += apart & -(bit & 1);
  }
  return x;
}

FD_INLINE Words words_of(const Parts& counter, const Parts& key, ID block) {
  const auto& c = counter.v;
  const ID last = (whole(key.v[4]) << 24) | (whole(key.v[5]) + block);
  return philox({{word(c[0], c[1]), word(c[2], c[3]), word(c[4], c[5]), last}}, word(key.v[0], key.v[1]),
                word(key.v[2], key.v[3]));
}

FD_INLINE Numbers draw_uniform(const Parts& counter, const Parts& key, ID block) {
  const Words w = words_of(counter, key, block);
  return {{uniform(w.v[0], w.v[1]), uniform(w.v[2], w.v[3])}};
}

FD_INLINE Numbers draw_normal(const Parts& counter, const Parts& key, ID block) {
  const Numbers u = draw_uniform(counter, key, block);
  return normal_pair(u.v[0], u.v[1]);
}

FD_INLINE Numbers draw_integer(const Parts& counter, const Parts& key, ID block) {
  const Words w = words_of(counter, key, block);
  const ID n = whole(key.v[6]);
  return {{real(scaled(w.v[0], n)), real(scaled(w.v[1], n)), real(scaled(w.v[2], n)), real(scaled(w.v[3], n))}};
}

/// The counter has the epoch for a step; `block` counts on from its place in the epoch.
FD_INLINE Numbers draw_shuffled(const Parts& counter, const Parts& key, ID block) {
  const auto& c = counter.v;
  const ID n = whole(key.v[6]);
  ID place = whole(c[6]) + block;
  const ID next_one = ((place - n) >> 63) + 1;
  place -= n & -next_one;
  const ID epoch = word(c[4], c[5]) + next_one;
  const Words words = philox({{word(c[0], c[1]), word(c[2], c[3]), epoch, whole(key.v[4]) << 24}},
                             word(key.v[0], key.v[1]), word(key.v[2], key.v[3]));
  return {{real(shuffled(place, n, words))}};
}

}  // namespace fastdescent::FD_ISA
