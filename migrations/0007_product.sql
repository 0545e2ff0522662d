-- What a product is made with and for, and when its row holds.
alter table product
  add column vector text,
  add column label_indications text,
  add column valid_from date,
  add column valid_to date,
  add constraint product_vector_accepts check (vector in ('LENTI', 'GAMMARETRO', 'OTHER')),
  add constraint product_label_indications_accepts check (label_indications ~ '^(NHL-I1|NHL-I2|NHL-I3|NHL-I4|MM-I1|ALL-I1|OTHER)(;(NHL-I1|NHL-I2|NHL-I3|NHL-I4|MM-I1|ALL-I1|OTHER))*$');
