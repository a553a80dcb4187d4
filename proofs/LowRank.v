(** Theorem 3 (lowrank): believed features of outputs, and what each neuron is taken to write on them.  What is left of unembed is
    taken against what is left of the activations once believed functions of x and of y are taken off: as it is for the right
    output, by Cauchy-Schwarz with integer square roots rounded up for the others.  No group is needed.  Outputs that this
    leaves open are evaluated. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums Rounding Machine Exact Fold Norms Actions Vectors.
Import ListNotations.
Open Scope Z_scope.

(** What neurons write for an output, and the bias. *)
Definition affine : Type := list Z * Z.
Definition value (w : affine) (h : list Z) : Z := zdot (fst w) h + snd w.

(** ** What an explanation says.  Nothing of it is believed. *)
Record low_rank := LowRank {
  times : Z;                       (* D: outputs times D are sums of features *)
  features : list (list Z);        (* z, j: F *)
  writing : list (list Z);         (* j, neuron: W *)
  constants : list Z;              (* what is taken off the rest of unembed of each neuron *)
  near_left : list (list Z);       (* x, neuron: a *)
  near_right : list (list Z);      (* y, neuron: b *)
  rest_units : list int            (* the unit in which each neuron's rest is measured (Vectors.v) *)
}.

Definition features_at (E : low_rank) (z : nat) : list Z := nth z (features E) nil.
Definition writes (r : rounded) (z : nat) : affine := (nth z (rows_unembed r) nil, nth z (row_bias r) 0).

(** ** δ: what is left of unembed *)
Definition opposite_columns (m : nat) (W : list (list Z)) : list (list int) :=
  tabulate m (fun i => map (fun w => of_Z (- nth i w 0)) W).
Definition rest_row (D : Z) (u F constants : list Z) (columns : list (list int)) : list Z :=
  let f := map of_Z F in
  map (fun ucc => signed (of_Z D * of_Z (fst ucc) + dot (of_Z (- fst (snd ucc))) f (snd (snd ucc)))%uint63)
    (combine u (combine constants columns)).
Definition rest_of (r : rounded) (E : low_rank) (columns : list (list int)) (z : nat) : list Z :=
  rest_row (times E) (fst (writes r z)) (features_at E z) (constants E) columns.

(** t = h - a(x) - b(y) *)
Definition away_from (hs a b : list int) : list int :=
  map (fun hab => (fst hab - fst (snd hab) - snd (snd hab))%uint63) (combine hs (combine a b)).
Definition zaway_from (hs a b : list Z) : list Z :=
  map (fun hab => fst hab - fst (snd hab) - snd (snd hab)) (combine hs (combine a b)).

(** ** All that does not depend on a pair *)
Definition machine (w : affine) : list int * int := (map of_Z (fst w), of_Z (snd w)).
Definition machine_value (w : list int * int) (h : list int) : int := dot (snd w) (fst w) h.

Record prepared_rank := PreparedRank {
  outputs_m : list (list int * (list int * int));   (* z: F and N; unembed and the bias *)
  constants_m : list int;
  writing_m : list (list int);
  left_m : list (list int);
  right_m : list (list int);
  near_left_m : list (list int);
  near_right_m : list (list int);
  left_parts : list (list int);                     (* x, z: D times what a(x) writes, the bias with it *)
  right_parts : list (list int);                    (* y, z: D times what b(y) writes *)
  longest : Z;                                      (* the largest N *)
  base : Z
}.

Definition away_most (r : rounded) (E : low_rank) : Z :=
  reads_most r + largest_of largest (near_left E) + largest_of largest (near_right E).

Definition prepare (n m : nat) (r : rounded) (E : low_rank) : prepared_rank :=
  let columns := opposite_columns m (writing E) in
  let lengths := tabulate n (fun z => scaled_length (rest_units E) (rest_of r E columns z)) in
  let us := tabulate n (fun z => machine (writes r z)) in
  let nl := map (map of_Z) (near_left E) in
  let nr := map (map of_Z) (near_right E) in
  let D := of_Z (times E) in
  {| outputs_m := tabulate n (fun z => (map of_Z (features_at E z ++ [nth z lengths 0]), machine (writes r z)));
     constants_m := map of_Z (constants E);
     writing_m := map (map of_Z) (writing E);
     left_m := map (map of_Z) (rows_left r);
     right_m := map (map of_Z) (rows_right r);
     near_left_m := nl;
     near_right_m := nr;
     left_parts := map (fun a => map (fun u => D * machine_value u a)%uint63 us) nl;
     right_parts := map (fun b => map (fun u => D * dot 0 (fst u) b)%uint63 us) nr;
     longest := fold_right Z.max 0 lengths;
     base := times E * (writes_most r * (reads_most r + largest_of largest (near_left E) + largest_of largest (near_right E)) +
                        2 * bias_most r) +
             (total (constants E) + largest_of total (features E) * largest_of total (writing E)) * away_most r E |}.

Definition zshapedb (rows columns : nat) (t : list (list Z)) : bool :=
  (length t =? rows)%nat && forallb (fun row => (length row =? columns)%nat) t.

(** Shapes, and no sum leaves 63 bits. *)
Definition rank_fits (n m : nat) (r : rounded) (E : low_rank) (need : Z) (v : prepared_rank) : bool :=
  (0 <? times E) && (reads_most r <? 2 ^ 62) &&
  zshapedb n (length (writing E)) (features E) && forallb (fun w => (length w =? m)%nat) (writing E) &&
  (length (constants E) =? m)%nat && (length (rest_units E) =? m)%nat &&
  zshapedb n m (near_left E) && zshapedb n m (near_right E) &&
  (Z.abs (times E) * largest_of largest (rows_unembed r) + largest (constants E) +
   largest_of total (features E) * largest_of largest (writing E) <? 2 ^ 62) &&
  units_fit (away_most r E) (rest_units E) &&
  (2 * (writes_most r * reads_most r + bias_most r) + need <? 2 ^ 62) && (base v <? 2 ^ 62).

(** ** One pair *)
Fixpoint others_by {A : Type} (test : A -> bool) (c : nat) (l : list A) {struct l} : bool :=
  match l, c with
  | nil, _ => false
  | _ :: l', O => forallb test l'
  | a :: l', S c' => if test a then others_by test c' l' else false
  end.

(** One output: by its features, where these [fit] machine integers; where that does not do, by all neurons. *)
Definition output_below (fit : bool) (top own : int) (sums hs : list int)
    (item : (list int * (list int * int)) * (int * int)) : bool :=
  let '((f, u), (a, b)) := item in
  if (if fit then top - dot (a + b) f sums <? half else false)%uint63 then true else (own - machine_value u hs <? half)%uint63.

Definition settles (c : nat) (E : low_rank) (v : prepared_rank) (need : Z) (x y : nat) : bool :=
  let hs := hiddens (nth x (left_m v) nil) (nth y (right_m v) nil) in
  let away := away_from hs (nth x (near_left_m v) nil) (nth y (near_right_m v) nil) in
  let sums := map (fun w => dot 0%uint63 w away) (writing_m v) in
  let e := length_up (rest_units E) away in
  let lost := times E * need in
  let lp := nth x (left_parts v) nil in
  let rp := nth y (right_parts v) nil in
  let own := machine_value (snd (nth c (outputs_m v) (nil, (nil, 0%uint63)))) hs in
  let top := (of_Z (times E) * own - dot 0 (constants_m v) away - of_Z lost)%uint63 in
  let exact := (own - of_Z need)%uint63 in
  others_by (output_below (base v + longest v * e + lost <? 2 ^ 62) top exact (sums ++ [of_Z e]) hs) c
    (combine (outputs_m v) (combine lp rp)).

Definition rank_rounded (a : Z) (m : nat) (r : rounded) (E : low_rank) : Z :=
  let n := length (row_table r) in
  let need := 2 * slack a m (writes_most r) (reads_most r) + 1 in
  let v := prepare n m r E in
  if rank_fits n m r E need v
  then sum n (fun x => sum n (fun y => if settles (table_product (row_table r) x y) E v need x y then 1 else 0))
  else 0.

(** ** Its soundness *)
Lemma others_by_spec (A : Type) (test : A -> bool) d c l :
  others_by test c l = true ->
  (c < length l)%nat /\ forall z, (z < length l)%nat -> z <> c -> test (nth z l d) = true.
Proof.
  revert c. induction l as [|a l IH]; intros c H; [discriminate|]. destruct c as [|c]; simpl in H.
  - rewrite forallb_forall in H. split; [simpl; lia|]. intros [|z] Hz Hne; [contradiction|]. simpl in Hz |- *.
    apply H, nth_In. lia.
  - destruct (test a) eqn:Ha; [|discriminate]. apply IH in H. destruct H as [Hc H].
    split; [simpl; lia|]. intros [|z] Hz Hne; [exact Ha|]. simpl in Hz |- *. apply H; lia.
Qed.

Lemma zshapedb_spec rows columns t : zshapedb rows columns t = true -> zshaped rows columns t.
Proof.
  unfold zshapedb. rewrite andb_true_iff, Nat.eqb_eq, forallb_forall. intros [H1 H2]. split; [exact H1|].
  intros x Hx. apply Nat.eqb_eq, H2, nth_In. lia.
Qed.

Lemma tabulate_length (A : Type) n (f : nat -> A) : length (tabulate n f) = n.
Proof. unfold tabulate. rewrite map_length, seq_length. reflexivity. Qed.

Lemma zaway_length m h a b : length h = m -> length a = m -> length b = m -> length (zaway_from h a b) = m.
Proof. intros H1 H2 H3. unfold zaway_from. rewrite map_length, !combine_length. lia. Qed.

Lemma zaway_dot d h a b m : length d = m -> length h = m -> length a = m -> length b = m ->
  zdot d h = zdot d a + zdot d b + zdot d (zaway_from h a b).
Proof.
  unfold zaway_from. revert m h a b. induction d as [|u d IH]; intros m [|v h] [|v' a] [|v'' b] H1 H2 H3 H4; simpl in *;
    subst; try discriminate; [reflexivity|]. rewrite (IH (length d) h a b) by lia. lia.
Qed.

Lemma stands_away hs zhs a b : Forall2 stands hs zhs ->
  Forall2 stands (away_from hs (map of_Z a) (map of_Z b)) (zaway_from zhs a b).
Proof.
  intros F. revert a b. induction F as [|h zh hs zhs H F IH]; intros a b; [constructor|].
  unfold away_from, zaway_from in *. destruct a as [|a0 a]; [constructor|]. destruct b as [|b0 b]; [constructor|].
  simpl. constructor; [|apply IH].
  apply stands_sub; [apply stands_sub; [exact H|apply stands_of_Z]|apply stands_of_Z].
Qed.

Lemma zaway_bound h a b H A B v :
  (forall u, In u h -> Z.abs u <= H) -> (forall u, In u a -> Z.abs u <= A) -> (forall u, In u b -> Z.abs u <= B) ->
  In v (zaway_from h a b) -> Z.abs v <= H + A + B.
Proof.
  intros Hh Ha Hb Hv. unfold zaway_from in Hv. apply in_map_iff in Hv. destruct Hv as [[u [u' u'']] [<- Hv]].
  pose proof (in_combine_l _ _ _ _ Hv) as H1. apply in_combine_r in Hv.
  pose proof (in_combine_l _ _ _ _ Hv) as H2. apply in_combine_r in Hv. simpl.
  specialize (Hh u H1). specialize (Ha u' H2). specialize (Hb u'' Hv). lia.
Qed.

Lemma zhiddens_bound l r L R u : (forall a, In a l -> Z.abs a <= L) -> (forall b, In b r -> Z.abs b <= R) ->
  In u (zhiddens l r) -> Z.abs u <= L + R.
Proof.
  revert r. induction l as [|a l IH]; intros [|b r] Hl Hr H; simpl in H; try contradiction. destruct H as [<-|H].
  - specialize (Hl a (or_introl eq_refl)). specialize (Hr b (or_introl eq_refl)). unfold relu. lia.
  - apply (IH r); auto; intros; [apply Hl|apply Hr]; right; assumption.
Qed.

Lemma nth_largest_of rows x v : In v (nth x rows nil) -> Z.abs v <= largest_of largest rows.
Proof.
  intros Hv. destruct (nth_in_or_default x rows nil) as [H|H]; [|rewrite H in Hv; contradiction].
  eapply Z.le_trans; [apply largest_spec; exact Hv|]. apply largest_of_spec; exact H.
Qed.

Lemma nth_total_of rows x : total (nth x rows nil) <= largest_of total rows.
Proof.
  destruct (nth_in_or_default x rows nil) as [H|H]; [apply largest_of_spec; exact H|].
  rewrite H. simpl. apply largest_of_nonneg.
Qed.

Lemma stands_value w hs zhs : Forall2 stands hs zhs -> stands (machine_value (machine w) hs) (value w zhs).
Proof. intros F. unfold value. rewrite Z.add_comm. apply stands_dot; [exact F|apply stands_of_Z]. Qed.

Lemma stands_products d hs zhs : Forall2 stands hs zhs -> stands (dot 0%uint63 (map of_Z d) hs) (zdot d zhs).
Proof. intros F. change (zdot d zhs) with (0 + zdot d zhs). apply stands_dot; [exact F|reflexivity]. Qed.

Lemma rest_row_spec D u F c W m i :
  length u = m -> length c = m -> (i < m)%nat ->
  Z.abs D * largest u + largest c + total F * largest_of largest W < 2 ^ 62 ->
  nth i (rest_row D u F c (opposite_columns m W)) 0 =
  D * nth i u 0 - nth i c 0 - zdot F (map (fun w => nth i w 0) W).
Proof.
  intros Hu Hc Hi Hfit. unfold rest_row.
  set (f := fun ucc : Z * (Z * list int) => _).
  assert (Hl : length (opposite_columns m W) = m) by apply tabulate_length.
  rewrite (nth_indep _ 0 (f (0, (0, nil)))) by (rewrite map_length, !combine_length; lia).
  rewrite map_nth, combine_nth by (rewrite combine_length; lia). rewrite combine_nth by lia.
  unfold f. cbn [fst snd]. unfold opposite_columns. rewrite tabulate_nth by exact Hi.
  set (x := nth i u 0). set (k := nth i c 0).
  pose proof (zdot_opposite _ F (fun w => nth i w 0) W) as Hd. cbv beta in Hd.
  apply signed_spec.
  - replace (D * x - k - zdot F (map (fun w => nth i w 0) W))
      with (D * x + (- k + zdot F (map (fun w => - nth i w 0) W))) by lia.
    apply stands_add; [apply stands_mul; apply stands_of_Z|]. apply stands_dot; [|apply stands_of_Z].
    clear. induction W as [|w W IH]; simpl; constructor; [apply stands_of_Z|exact IH].
  - assert (H1 : Z.abs x <= largest u) by (apply nth_largest). assert (H2 : Z.abs k <= largest c) by (apply nth_largest).
    assert (H3 : Z.abs (zdot F (map (fun w => nth i w 0) W)) <= total F * largest_of largest W).
    { apply zdot_largest; [apply largest_of_nonneg|]. intros h Hh. apply in_map_iff in Hh. destruct Hh as [w [<- Hw]].
      eapply Z.le_trans; [apply nth_largest|]. apply largest_of_spec; exact Hw. }
    assert (Z.abs (D * x) <= Z.abs D * largest u) by (rewrite Z.abs_mul; nia). lia.
Qed.

Section LowRankSound.
  Variables (n m : nat) (r : rounded) (E : low_rank) (need : Z).
  Hypothesis shape_l : zshaped n m (rows_left r).
  Hypothesis shape_r : zshaped n m (rows_right r).
  Hypothesis shape_u : zshaped n m (rows_unembed r).
  Hypothesis shape_b : length (row_bias r) = n.
  Hypothesis shape_t : length (row_table r) = n.
  Hypothesis need_nonneg : 0 <= need.
  Let N' := rounded_network m r.
  Let v := prepare n m r E.
  Hypothesis fit : rank_fits n m r E need v = true.

  Let D := times E.
  Let H := reads_most r.
  Let W := writing E.
  Let A := largest_of largest (near_left E).
  Let B := largest_of largest (near_right E).
  Let T := away_most r E.
  Let us := rest_units E.
  Let rest (z : nat) : list Z := rest_of r E (opposite_columns m W) z.

  Lemma fits : 0 < D /\ H < 2 ^ 62 /\ zshaped n (length W) (features E) /\ (forall w, In w W -> length w = m) /\
    length (constants E) = m /\ length us = m /\ zshaped n m (near_left E) /\ zshaped n m (near_right E) /\
    Z.abs D * largest_of largest (rows_unembed r) + largest (constants E) +
      largest_of total (features E) * largest_of largest W < 2 ^ 62 /\
    units_fit T us = true /\ 2 * (writes_most r * H + bias_most r) + need < 2 ^ 62 /\ base v < 2 ^ 62.
  Proof.
    pose proof fit as F. unfold rank_fits in F. rewrite !andb_true_iff, !Z.ltb_lt, !Nat.eqb_eq, forallb_forall in F.
    destruct F as [[[[[[[[[[[F1 F2] F3] F4] F5] F6] F7] F8] F9] F10] F11] F12].
    apply zshapedb_spec in F3, F7, F8. do 3 (split; [assumption|]). split; [intros w Hw; apply Nat.eqb_eq, F4, Hw|].
    do 7 (split; [assumption|]). assumption.
  Qed.

  Lemma sizes : 0 <= H /\ 0 <= A /\ 0 <= B /\ 0 <= T.
  Proof.
    pose proof (M_nonneg n r shape_b shape_t). assert (0 <= A) by apply largest_of_nonneg. assert (0 <= B) by apply largest_of_nonneg.
    unfold T, away_most. fold A B H. lia.
  Qed.

  Lemma rest_length z : (z < n)%nat -> length (rest z) = m.
  Proof.
    intros Hz. destruct fits as [_ [_ [_ [_ [Hc _]]]]]. destruct shape_u as [_ Hu]. unfold rest, rest_of, rest_row, opposite_columns.
    rewrite map_length, !combine_length, tabulate_length. unfold writes. cbn [fst]. rewrite Hu by exact Hz. lia.
  Qed.

  (** D times what is written is what is written on features, the rest, and a constant. *)
  Lemma rest_spec z t : (z < n)%nat -> length t = m ->
    D * zdot (fst (writes r z)) t = zdot (features_at E z) (map (fun w => zdot w t) W) + zdot (rest z) t + zdot (constants E) t.
  Proof.
    intros Hz Ht. destruct fits as [_ [_ [[_ HF] [HW [Hc [_ [_ [_ [Hfit _]]]]]]]]]. destruct shape_u as [_ Hu].
    assert (Hl : length (fst (writes r z)) = m) by (apply Hu, Hz).
    rewrite (zdot_swap m (features_at E z) W t (HF z Hz) HW Ht).
    rewrite (zdot_sum (fst (writes r z)) t m), (zdot_sum (rest z) t m), (zdot_sum (constants E) t m)
      by (try assumption; apply rest_length, Hz).
    rewrite <- sum_scale, <- !sum_plus. apply sum_ext. intros i Hi. unfold rest, rest_of.
    rewrite (rest_row_spec _ _ _ _ W m i Hl Hc Hi); [fold D; ring|]. fold D.
    pose proof (nth_total_of (features E) z) as H1. unfold features_at.
    assert (H2 : largest (fst (writes r z)) <= largest_of largest (rows_unembed r))
      by (apply largest_of_spec, (zshaped_in n m); assumption).
    pose proof (largest_of_nonneg largest W). nia.
  Qed.

  Section OnePair.
    Variables x y c : nat.
    Hypothesis Hx : (x < n)%nat.
    Hypothesis Hy : (y < n)%nat.
    Let hs := hiddens (nth x (left_m v) nil) (nth y (right_m v) nil).
    Let h := zhiddens (nth x (rows_left r) nil) (nth y (rows_right r) nil).
    Let a := nth x (near_left E) nil.
    Let b := nth y (near_right E) nil.
    Let t := zaway_from h a b.
    Let away := away_from hs (nth x (near_left_m v) nil) (nth y (near_right_m v) nil).
    Let e := length_up us away.
    Let P := map (fun w => zdot w t) W.

    Lemma hs_stand : Forall2 stands hs h.
    Proof.
      unfold hs, v, prepare. simpl left_m. simpl right_m. rewrite !(zshaped_map n m) by assumption.
      apply stands_hiddens with (L := largest_of largest (rows_left r)) (R := largest_of largest (rows_right r));
        try apply largest_of_nonneg.
      - apply fits.
      - intros u Hu. apply (left_bound n m r shape_l x u Hx Hu).
      - intros u Hu. apply (right_bound n m r shape_r y u Hy Hu).
    Qed.

    Lemma h_length : length h = m.
    Proof. apply zhiddens_length; [apply shape_l, Hx|apply shape_r, Hy]. Qed.

    Lemma h_bound u : In u h -> Z.abs u <= H.
    Proof.
      apply zhiddens_bound; intros k Hk; [apply (left_bound n m r shape_l x k Hx Hk)|apply (right_bound n m r shape_r y k Hy Hk)].
    Qed.

    Lemma sides_length : length a = m /\ length b = m.
    Proof. destruct fits as [_ [_ [_ [_ [_ [_ [[_ Ha] [[_ Hb] _]]]]]]]]. split; [apply Ha, Hx|apply Hb, Hy]. Qed.

    Lemma t_length : length t = m.
    Proof. apply zaway_length; [apply h_length|apply sides_length|apply sides_length]. Qed.

    Lemma t_bound u : In u t -> Z.abs u <= T.
    Proof. apply zaway_bound; [exact h_bound| |]; intros k Hk; eapply nth_largest_of; exact Hk. Qed.

    Lemma away_stands : Forall2 stands away t.
    Proof.
      destruct fits as [_ [_ [_ [_ [_ [_ [Ha [Hb _]]]]]]]]. unfold away, v, prepare. simpl near_left_m. simpl near_right_m.
      rewrite !(zshaped_map n m) by assumption. apply stands_away, hs_stand.
    Qed.

    Lemma logit_value z : (z < n)%nat -> logit N' x y z = value (writes r z) h.
    Proof.
      intros Hz. destruct shape_l as [_ L1]. destruct shape_r as [_ R1]. destruct shape_u as [_ U1].
      unfold value, writes. cbn [fst snd]. rewrite (zdot_sum _ _ m) by (auto using h_length).
      unfold logit. simpl width. simpl bias. f_equal. apply sum_ext. intros i Hi.
      unfold h. rewrite (zhiddens_nth _ _ m i (L1 x Hx) (R1 y Hy) Hi). reflexivity.
    Qed.

    Lemma logit_split z : (z < n)%nat ->
      D * logit N' x y z = D * value (writes r z) a + D * zdot (fst (writes r z)) b +
        (zdot (features_at E z) P + zdot (rest z) t + zdot (constants E) t).
    Proof.
      intros Hz. unfold P. rewrite <- (rest_spec z t Hz t_length), (logit_value z Hz). unfold value.
      rewrite (zaway_dot (fst (writes r z)) h a b m (proj2 shape_u z Hz) h_length (proj1 sides_length) (proj2 sides_length)).
      fold t. ring.
    Qed.

    Definition length_at (z : nat) : Z := scaled_length us (rest z).

    Lemma rest_bound z : (z < n)%nat -> Z.abs (zdot (rest z) t) <= length_at z * e.
    Proof.
      intros Hz. destruct fits as [_ [_ [_ [_ [_ [Hu [_ [_ [_ [HU _]]]]]]]]]].
      apply (scaled_bound T us away (rest z) t HU away_stands t_bound); rewrite Hu; [apply rest_length, Hz|apply t_length].
    Qed.

    (** Theorem 3 (lowrank): the margin against z. *)
    Lemma rank_margin z : (z < n)%nat ->
      (D * logit N' x y c - zdot (constants E) t) -
      (D * value (writes r z) a + D * zdot (fst (writes r z)) b + zdot (features_at E z) P + length_at z * e) <=
      D * (logit N' x y c - logit N' x y z).
    Proof. intros Hz. rewrite Z.mul_sub_distr_l, (logit_split _ Hz). pose proof (rest_bound z Hz). lia. Qed.

    Lemma sums_stand : Forall2 stands (map (fun w => dot 0%uint63 w away) (writing_m v)) P.
    Proof.
      change (writing_m v) with (map (map of_Z) W). unfold P. induction W as [|w l IH]; simpl; constructor;
        [apply stands_products, away_stands|exact IH].
    Qed.

    Lemma written_bound z : (z < n)%nat ->
      Z.abs (zdot (features_at E z) P) <= largest_of total (features E) * (largest_of total W * T) /\
      Z.abs (zdot (constants E) t) <= total (constants E) * T.
    Proof.
      intros Hz. pose proof sizes as [_ [_ [_ HT]]]. split; [|apply (zdot_largest _ _ T HT t_bound)].
      assert (0 <= largest_of total W * T) by (apply Z.mul_nonneg_nonneg; [apply largest_of_nonneg|exact HT]).
      eapply Z.le_trans; [apply zdot_largest with (L := largest_of total W * T); [assumption|]|].
      - intros u Hu. apply in_map_iff in Hu. destruct Hu as [w [<- Hw]].
        eapply Z.le_trans; [apply (zdot_largest w t T HT t_bound)|]. apply Z.mul_le_mono_nonneg_r; [exact HT|].
        apply largest_of_spec, Hw.
      - apply Z.mul_le_mono_nonneg_r; [assumption|]. apply nth_total_of.
    Qed.

    (** Tables of what is written by a row for each input. *)
    Lemma table_nth (F : list int -> list int * int -> int) rows k d :
      (k < length rows)%nat -> nth k (map (fun p => map (fun u => F p u) (tabulate n d)) (map (map of_Z) rows)) nil =
      tabulate n (fun z => F (map of_Z (nth k rows nil)) (d z)).
    Proof.
      intros Hk. set (f := fun p : list int => _).
      rewrite (nth_indep _ nil (f (map of_Z nil))) by (rewrite !map_length; exact Hk). rewrite map_map.
      rewrite (map_nth (fun p => f (map of_Z p))). unfold f, tabulate. rewrite map_map. reflexivity.
    Qed.

    Lemma parts_are : nth x (left_parts v) nil = tabulate n (fun z => of_Z D * machine_value (machine (writes r z)) (map of_Z a))%uint63 /\
      nth y (right_parts v) nil = tabulate n (fun z => of_Z D * dot 0 (map of_Z (fst (writes r z))) (map of_Z b))%uint63.
    Proof.
      destruct fits as [_ [_ [_ [_ [_ [_ [[Ha _] [[Hb _] _]]]]]]]]. simpl left_parts. simpl right_parts. split.
      - apply (table_nth (fun p u => of_Z D * machine_value u p)%uint63). lia.
      - apply (table_nth (fun p u => of_Z D * dot 0 (fst u) p)%uint63). lia.
    Qed.

    Lemma parts_stand z : (z < n)%nat ->
      stands (nth z (nth x (left_parts v) nil) 0%uint63) (D * value (writes r z) a) /\
      stands (nth z (nth y (right_parts v) nil) 0%uint63) (D * zdot (fst (writes r z)) b).
    Proof.
      intros Hz. destruct parts_are as [-> ->]. rewrite !tabulate_nth by exact Hz.
      split; (apply stands_mul; [apply stands_of_Z|]); [apply stands_value|apply stands_products]; apply stands_self.
    Qed.

    Lemma parts_bound z : (z < n)%nat ->
      Z.abs (D * value (writes r z) a) <= D * (writes_most r * A + bias_most r) /\
      Z.abs (D * zdot (fst (writes r z)) b) <= D * (writes_most r * B).
    Proof.
      intros Hz. destruct fits as [HD _]. pose proof sizes as [_ [HA [HB _]]].
      assert (Hu : total (fst (writes r z)) <= writes_most r) by apply nth_total_of.
      pose proof (zdot_largest (fst (writes r z)) a A HA (fun u Hu => nth_largest_of _ _ _ Hu)) as H1.
      pose proof (zdot_largest (fst (writes r z)) b B HB (fun u Hu => nth_largest_of _ _ _ Hu)) as H2.
      assert (H3 : Z.abs (snd (writes r z)) <= bias_most r) by (apply largest_spec, nth_In; lia).
      assert (total (fst (writes r z)) * A <= writes_most r * A) by (apply Z.mul_le_mono_nonneg_r; assumption).
      assert (total (fst (writes r z)) * B <= writes_most r * B) by (apply Z.mul_le_mono_nonneg_r; assumption).
      rewrite !Z.abs_mul, (Z.abs_eq D) by lia. unfold value. split; apply Z.mul_le_mono_nonneg_l; lia.
    Qed.

    Lemma lengths_bound z : (z < n)%nat -> 0 <= length_at z <= longest v.
    Proof.
      intros Hz. split; [apply Z.sqrt_up_nonneg|]. apply fold_max_spec. apply (in_map length_at). apply in_seq. lia.
    Qed.

    Theorem settles_sound : settles c E v need x y = true ->
      (c < n)%nat /\ forall z, (z < n)%nat -> z <> c -> need <= logit N' x y c - logit N' x y z.
    Proof.
      intros S. destruct fits as [HD [_ [[_ HF] [_ [_ [_ [[Ha _] [[Hb _] [_ [_ [Hexact Hbase]]]]]]]]]]].
      unfold settles in S. cbv zeta in S. fold hs in S. fold us away in S. fold e D in S.
      apply (others_by_spec _ _ ((nil, (nil, 0%uint63)), (0%uint63, 0%uint63))) in S.
      set (lp := nth x (left_parts v) nil) in *. set (rp := nth y (right_parts v) nil) in *.
      assert (Lp : length (outputs_m v) = n) by apply tabulate_length.
      assert (L : length lp = n /\ length rp = n)
        by (unfold lp, rp; destruct parts_are as [-> ->]; split; apply tabulate_length).
      rewrite !combine_length in S. destruct S as [Hc S]. split; [lia|]. intros z Hz Hne. specialize (S z ltac:(lia) Hne).
      rewrite combine_nth in S by (rewrite combine_length; lia). rewrite combine_nth in S by lia.
      assert (Out : forall k, (k < n)%nat -> nth k (outputs_m v) (nil, (nil, 0%uint63)) =
        (map of_Z (features_at E k ++ [length_at k]), machine (writes r k))).
      { intros k Hk. simpl outputs_m. rewrite !tabulate_nth by exact Hk. reflexivity. }
      rewrite (Out z Hz), (Out c ltac:(lia)) in S. unfold output_below in S. cbn [fst snd] in S.
      set (sums := map (fun w => dot 0%uint63 w away) (writing_m v)) in *. pose proof sums_stand as HS. fold sums in HS.
      match type of S with (if ?b then _ else _) = _ => destruct b eqn:Low end.
      - (* by features *)
        match type of Low with (if ?b then _ else _) = _ => destruct b eqn:G end; [|discriminate]. apply Z.ltb_lt in G.
        apply (Z.mul_le_mono_pos_l _ _ D HD). eapply Z.le_trans; [|apply (rank_margin z Hz)].
        set (Y := D * logit N' x y c - zdot (constants E) t).
        set (Q := D * value (writes r z) a + D * zdot (fst (writes r z)) b + zdot (features_at E z) P + length_at z * e).
        destruct (parts_stand z Hz) as [Z1 Z2].
        match type of Low with (?u <? half)%uint63 = true => assert (SV : stands u (Y - D * need - Q)) end.
        { unfold Y, Q. rewrite (logit_value c) by lia. apply stands_sub; [apply stands_sub; [apply stands_sub|apply stands_of_Z]|].
          - apply stands_mul; [apply stands_of_Z|]. apply stands_value, hs_stand.
          - apply stands_products, away_stands.
          - rewrite <- Z.add_assoc. replace (zdot (features_at E z) P + length_at z * e) with (zdot (features_at E z ++ [length_at z]) (P ++ [e]))
              by (rewrite zdot_app by (unfold P; rewrite map_length; apply HF, Hz); simpl zdot; ring).
            apply stands_dot; [|exact (stands_add _ _ _ _ Z1 Z2)].
            apply stands_app; [exact HS|]. constructor; [apply stands_of_Z|constructor]. }
        rewrite (nonnegative _ _ SV) in Low; [apply Z.leb_le in Low; lia|].
        pose proof (parts_bound z Hz) as [P1 P2]. pose proof (written_bound z Hz) as [P3 P4]. pose proof (lengths_bound z Hz) as [N0 N1].
        assert (Hc' : (c < n)%nat) by lia.
        pose proof (logit_bound n m r shape_l shape_r shape_u shape_b shape_t x y c Hx Hy Hc') as P5. fold N' H in P5.
        assert (0 <= e) by apply Z.sqrt_up_nonneg.
        assert (0 <= length_at z * e <= longest v * e)
          by (split; [apply Z.mul_nonneg_nonneg|apply Z.mul_le_mono_nonneg_r]; assumption).
        assert (0 <= D * need) by (apply Z.mul_nonneg_nonneg; lia).
        assert (Z.abs (D * logit N' x y c) <= D * (writes_most r * H + bias_most r))
          by (rewrite Z.abs_mul, (Z.abs_eq D) by lia; apply Z.mul_le_mono_nonneg_l; lia).
        change (base v) with (D * (writes_most r * (H + A + B) + 2 * bias_most r) +
          (total (constants E) + largest_of total (features E) * largest_of total W) * T) in G.
        clear - G P1 P2 P3 P4 H1 H2 H3. unfold Y, Q. lia.
      - (* by all neurons *)
        assert (SV : stands (machine_value (machine (writes r c)) hs - of_Z need - machine_value (machine (writes r z)) hs)%uint63
          (logit N' x y c - need - logit N' x y z)).
        { rewrite (logit_value c), (logit_value _ Hz) by lia.
          apply stands_sub; [apply stands_sub; [|apply stands_of_Z]|]; apply stands_value, hs_stand. }
        rewrite (nonnegative _ _ SV) in S; [apply Z.leb_le in S; lia|].
        pose proof (logit_bound n m r shape_l shape_r shape_u shape_b shape_t x y c Hx Hy ltac:(lia)) as L1.
        pose proof (logit_bound n m r shape_l shape_r shape_u shape_b shape_t x y z Hx Hy Hz) as L2.
        fold N' H in L1, L2. lia.
    Qed.
  End OnePair.
End LowRankSound.

(** Theorem 3 (lowrank), for the rounded network. *)
Theorem rank_rounded_sound N kl ku a r E : rounds N kl ku a r -> rank_rounded a (width N) r E <= right_pairs N.
Proof.
  intros R. unfold rank_rounded. cbv zeta.
  set (n := length (row_table r)). set (m := width N).
  set (need := 2 * slack a m (writes_most r) (reads_most r) + 1).
  match goal with |- (if ?c then _ else _) <= _ => destruct c eqn:Hfit end; [|apply right_pairs_nonneg].
  assert (Hn : n = order N) by (apply (shape_table _ _ _ _ _ R)).
  assert (Hneed : 0 <= need).
  { unfold need, slack. pose proof (largest_of_nonneg total (rows_unembed r)). pose proof (a_nonneg _ _ _ _ _ R).
    pose proof (M_nonneg (order N) r (shape_bias _ _ _ _ _ R) (shape_table _ _ _ _ _ R)). unfold writes_most. nia. }
  unfold right_pairs. rewrite <- Hn. apply sum_le. intros x Hx. cbv beta. apply sum_le. intros y Hy. cbv beta.
  match goal with |- (if ?c then _ else _) <= _ => destruct c eqn:S end; [|destruct (right_answerb N x y); lia].
  assert (Hright : right_answer N x y); [|apply right_answerb_spec in Hright; rewrite Hright; lia].
  apply (margin_right N kl ku a r x y R); [lia|lia|].
  pose proof R as [_ _ _ Sl Sr Su Sb _ _ _ _ _ _]. rewrite <- Hn in Sl, Sr, Su, Sb.
  unfold margin_above. fold n m need. cbv zeta.
  apply (settles_sound n m r E need Sl Sr Su Sb eq_refl Hneed Hfit x y (table_product (row_table r) x y) Hx Hy S).
Qed.
