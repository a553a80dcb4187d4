(** What is proved, for a referee: ten minutes' reading.

    A network has [order] inputs on either side and as many outputs, and [width] hidden neurons.  Its weights are
    integers in a fixed unit (below): no floating point, no rounding.  This file says what the theorems mean;
    of it a checker runs only what reads bits ([binary32], [entry]) and shapes ([well_formed]). *)
From Coq Require Import ZArith List Uint63 Bool.
Import ListNotations.
Open Scope Z_scope.

(** [sum n f] is f 0 + ... + f (n-1). *)
Fixpoint sum (n : nat) (f : nat -> Z) : Z :=
  match n with O => 0 | S k => sum k f + f k end.

Record network := Network {
  order : nat;                      (* inputs x, y and outputs z are 0 .. order-1 *)
  width : nat;                      (* neurons are 0 .. width-1 *)
  left : nat -> nat -> Z;           (* left x i *)
  right : nat -> nat -> Z;          (* right y i *)
  unembed : nat -> nat -> Z;        (* unembed i z *)
  bias : nat -> Z;                  (* bias z *)
  product : nat -> nat -> nat       (* the label of (x, y): the entry of the multiplication table *)
}.

Definition relu (t : Z) : Z := Z.max 0 t.

(** The network's output z at the input (x, y). *)
Definition logit (N : network) (x y z : nat) : Z :=
  sum (width N) (fun i => unembed N i z * relu (left N x i + right N y i)) + bias N z.

(** The pair (x, y) is right: the output of the label is strictly above every other. *)
Definition right_answer (N : network) (x y : nat) : Prop :=
  (product N x y < order N)%nat /\
  forall z, (z < order N)%nat -> z <> product N x y -> logit N x y z < logit N x y (product N x y).

(** The same as a function to booleans ([right_answerb_spec] in Sums.v proves that it is the same). *)
Definition right_answerb (N : network) (x y : nat) : bool :=
  (product N x y <? order N)%nat &&
  forallb (fun z => (z =? product N x y)%nat || (logit N x y z <? logit N x y (product N x y)))
          (seq 0 (order N)).

(** How many of the order² pairs are right. *)
Definition right_pairs (N : network) : Z :=
  sum (order N) (fun x => sum (order N) (fun y => if right_answerb N x y then 1 else 0)).

(** [op] makes 0 .. n-1 a group. *)
Definition is_group (n : nat) (op : nat -> nat -> nat) : Prop :=
  (forall x y, x < n -> y < n -> op x y < n)%nat /\
  (forall x y z, x < n -> y < n -> z < n -> op (op x y) z = op x (op y z))%nat /\
  exists e, (e < n)%nat /\
    (forall x, x < n -> op e x = x /\ op x e = x)%nat /\
    (forall x, x < n -> exists y, y < n /\ op x y = e /\ op y x = e)%nat.

(** ** Networks as they are stored

    A binary32 number is its 32 bits as an integer.  Its value times 2^149 is an integer, whatever the number. *)
Definition binary32 (bits : int) : Z :=
  let mantissa := to_Z (bits land 8388607)%uint63 in
  let exponent := to_Z ((bits >> 23) land 255)%uint63 in
  let magnitude := if exponent =? 0 then mantissa else Z.shiftl (2 ^ 23 + mantissa) (exponent - 1) in
  if (bits <? 2147483648)%uint63 then magnitude else - magnitude.

(** Neither an infinity nor a NaN. *)
Definition is_finite (bits : int) : bool :=
  (bits <? 4294967296)%uint63 && negb ((bits >> 23) land 255 =? 255)%uint63.

(** The five tensors of a network file, row by row: left and right (n × m), unembed (m × n), bias (n), and the
    multiplication table (n × n). *)
Record stored := Stored {
  lefts : list (list int);
  rights : list (list int);
  unembeds : list (list int);
  biases : list int;
  table : list (list int)
}.

Definition entry (rows : list (list int)) (i j : nat) : int := nth j (nth i rows nil) 0%uint63.

(** The label of (x, y) in a table. *)
Definition table_product (rows : list (list int)) (x y : nat) : nat := Z.to_nat (to_Z (entry rows x y)).

(** The exact real function of the stored weights: left, right and unembed in units of 2^-149, the bias and the logits
    in units of 2^-298. *)
Definition exact_network (w : stored) : network := {|
  order := length (table w);
  width := length (unembeds w);
  left := fun x i => binary32 (entry (lefts w) x i);
  right := fun y i => binary32 (entry (rights w) y i);
  unembed := fun i z => binary32 (entry (unembeds w) i z);
  bias := fun z => Z.shiftl (binary32 (nth z (biases w) 0%uint63)) 149;
  product := table_product (table w)
|}.

(** The shapes are as said, and every weight is finite. *)
Definition shaped (rows columns : nat) (t : list (list int)) : bool :=
  (length t =? rows)%nat && forallb (fun row => (length row =? columns)%nat) t.

Definition well_formed (w : stored) : bool :=
  let n := length (table w) in
  let m := length (unembeds w) in
  shaped n m (lefts w) && shaped n m (rights w) && shaped m n (unembeds w) && (length (biases w) =? n)%nat &&
  shaped n n (table w) &&
  forallb (forallb is_finite) (lefts w) && forallb (forallb is_finite) (rights w) &&
  forallb (forallb is_finite) (unembeds w) && forallb is_finite (biases w).

(** ** Networks stored as factors: what neurons read is an embedding (n × e) times a linear map (e × m). *)
Record factored := Factored {
  embeds_left : list (list int);
  embeds_right : list (list int);
  hiddens_left : list (list int);
  hiddens_right : list (list int);
  factored_unembeds : list (list int);
  factored_biases : list int;
  factored_table : list (list int)
}.

Definition folded (embed linear : list (list int)) (x i : nat) : Z :=
  sum (length linear) (fun k => binary32 (entry embed x k) * binary32 (entry linear k i)).

(** Left and right in units of 2^-298, unembed of 2^-149, the bias and the logits of 2^-447. *)
Definition exact_factored_network (w : factored) : network := {|
  order := length (factored_table w);
  width := length (factored_unembeds w);
  left := folded (embeds_left w) (hiddens_left w);
  right := folded (embeds_right w) (hiddens_right w);
  unembed := fun i z => binary32 (entry (factored_unembeds w) i z);
  bias := fun z => Z.shiftl (binary32 (nth z (factored_biases w) 0%uint63)) 298;
  product := table_product (factored_table w)
|}.

Definition well_formed_factored (w : factored) : bool :=
  let n := length (factored_table w) in
  let m := length (factored_unembeds w) in
  let e := length (hiddens_left w) in
  let f := length (hiddens_right w) in
  shaped n e (embeds_left w) && shaped n f (embeds_right w) && shaped e m (hiddens_left w) &&
  shaped f m (hiddens_right w) && shaped m n (factored_unembeds w) && (length (factored_biases w) =? n)%nat &&
  shaped n n (factored_table w) &&
  forallb (forallb is_finite) (embeds_left w) && forallb (forallb is_finite) (embeds_right w) &&
  forallb (forallb is_finite) (hiddens_left w) && forallb (forallb is_finite) (hiddens_right w) &&
  forallb (forallb is_finite) (factored_unembeds w) && forallb is_finite (factored_biases w).
