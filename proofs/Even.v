(** Theorem 5 (even circuits): where what neurons write depends on z through the point z·c alone, and the tables of all x
    are nearly those of the identity carried by x, a margin is at least a number for x and one for y. *)
From Coq Require Import ZArith List Uint63 Bool Lia.
From Rhoset Require Import Spec Sums Rounding Machine Exact Fold Group Norms Transport Uniform Gaps Vectors.
Import ListNotations.
Open Scope Z_scope.

(** ** What an explanation says.  Nothing of it is believed: see [gsets_ok]. *)
Record even_set := EvenSet {
  gset_of : gset;
  alike : list (list (list Z))     (* c, d, c': R[c](d, c') *)
}.

Record even_circuit := EvenCircuit {
  even_sets : list even_set;
  even_writes : list (list Z);     (* neuron, d: what it is taken to write where z carries its point to d *)
  even_units : list int            (* binary places in which each neuron's rest is measured *)
}.

Definition gsets_in (C : even_circuit) : list gset := map gset_of (even_sets C).
Definition alike_at (S : even_set) (c d : nat) : list Z := nth d (nth c (alike S) nil) nil.
Definition unit_at (C : even_circuit) (E : nat * list Z) : int := nth (fst E) (even_units C) 0%uint63.

(** What neurons write on a point, seen by d; and what is left of unembed. *)
Definition even_write (C : even_circuit) (d i : nat) : Z := zentry (even_writes C) i d.
Definition left_over (r : rounded) (C : even_circuit) (G : gset) (z c : nat) (E : nat * list Z) : Z :=
  zentry (rows_unembed r) z (fst E) - even_write C (move_of G z c) (fst E).

(** ** The tables of one x *)
Definition even_point (C : even_circuit) (q : nat) (mem : list (nat * list Z)) (potential : list Z) : prepared :=
  (mem, (machine_us q (even_write C) mem, machine_gammas q mem potential)).

(** c', c: the activations of the neurons there, and the squares of these, each in its unit. *)
Definition readings_at (row : list Z) (mem : list (nat * list Z)) (c' : nat) : list int :=
  hiddens (map of_Z (map (fun E => nth (fst E) row 0) mem)) (map of_Z (map (fun E => gamma_of E c') mem)).
Definition squares_at (C : even_circuit) (row : list Z) (q : nat) (mem : list (nat * list Z)) : Z :=
  most q (fun c' => to_Z (squares 0 (ceilings (map (unit_at C) mem) (readings_at row mem c')))).

(** How far the table at a point is from the one that is believed, carried by x. *)
Definition unlike (q : nat) (T : list (list Z)) (R : nat -> list Z) (carry : nat -> nat) : Z :=
  most q (fun d => let row := nth (carry d) T nil in most q (fun c' => Z.abs (nth c' row 0 - nth c' (R d) 0))).

(** For one x: for each set, twice how far its points are, below 0; and the squares of all activations. *)
Definition set_at (C : even_circuit) (row : list Z) (x : nat) (SP : even_set * list prepared) : Z * list Z :=
  let G := gset_of (fst SP) in
  (sum (size G) (fun c => squares_at C row (size G) (members_of G c)),
   tabulate (size G) (fun c =>
     - 2 * unlike (size G) (point_table row (nth c (snd SP) (nil, (nil, nil)))) (alike_at (fst SP) c) (move_of G x))).

Definition prepare_even (C : even_circuit) (S : even_set) : list prepared :=
  let G := gset_of S in tabulate (size G) (fun c => even_point C (size G) (members_of G c) (nth c (potentials G) nil)).

(** For one output: the squares of what is left, above 0 and below. *)
Definition left_over_squares (r : rounded) (C : even_circuit) (sign : Z) (z : nat) : Z :=
  lsum (fun S => let G := gset_of S in sum (size G) (fun c => let mem := members_of G c in
    scaled_squares (map (unit_at C) mem) (map (fun E => relu (sign * left_over r C G z c E)) mem))) (even_sets C).

Definition left_over_length (n : nat) (r : rounded) (C : even_circuit) : Z :=
  most n (fun z => Z.sqrt_up (left_over_squares r C 1 z)) + most n (fun z => Z.sqrt_up (left_over_squares r C (-1) z)).

(** What x costs, kind by kind. *)
Definition even_left (r : rounded) (C : even_circuit) (sets : list (even_set * list prepared)) (kinds : list (list Z)) (rest : Z)
    (x : nat) : list Z :=
  let row := nth x (rows_left r) nil in
  let found := map (set_at C row x) sets in
  let length := Z.sqrt_up (fold_right (fun f acc => fst f + acc) 0 found) in
  let unlikes := map snd found in
  map (fun kind => rest * length - allowance kind unlikes) kinds.

(** What the believed tables give where y = σ, and by how much less elsewhere. *)
Definition alike_found (S : even_set) (y : nat) : Z * list Z :=
  let G := gset_of S in
  own_and_gaps (size G) (fun c => alike_at S c (move_of G y c)) (move_of G y).
Definition alike_output (C : even_circuit) (y : nat) : Z * list (list Z) :=
  let found := map (fun S => alike_found S y) (even_sets C) in
  (fold_right (fun f acc => fst f + acc) 0 found, map snd found).

(** ** No sum leaves 63 bits. *)
Definition even_fit (r : rounded) (C : even_circuit) : bool :=
  let reads := largest_of largest (rows_left r) + largest (gammas_of (gsets_in C)) in
  (reads <? 2 ^ 62) &&
  forallb (fun G => all (size G) (fun c => let mem := members_of G c in
    units_fit reads (map (unit_at C) mem) &&
    all (size G) (fun d => total (map (fun E => even_write C d (fst E)) mem) * reads <? 2 ^ 62))) (gsets_in C).

(** ** The rule *)
Definition count_even (a : Z) (n m e : nat) (r : rounded) (C : even_circuit) : Z :=
  let need := 2 * slack a m (writes_most r) (reads_most r) + 1 + bias_range n r in
  let sets := gsets_in C in
  let kinds := kinds_of n e sets in
  let outputs := tabulate n (alike_output C) in
  let rivals := map (fun kind => fold_right Z.max (- 2 ^ 62) (map (fun out => fst out - allowance kind (snd out)) outputs)) kinds in
  let widths := map (widths n r) sets in
  let by_y := tabulate n (fun y =>
    let own := fst (nth y outputs (0, nil)) - need in
    map (fun re => fst re + snd re - own) (combine rivals (reading_errors r sets widths kinds y))) in
  let prepared_sets := map (fun S => (S, prepare_even C S)) (even_sets C) in
  let by_x := tabulate n (even_left r C prepared_sets kinds (left_over_length n r C)) in
  if even_fit r C then
    sum n (fun x => let xs := nth x by_x nil in
      sum n (fun y => if forallb (fun ab => fst ab + snd ab <=? 0) (combine xs (nth y by_y nil)) then 1 else 0))
  else 0.

Definition even_rounded (a : Z) (m : nat) (r : rounded) (generators : list nat) (C : even_circuit) : Z :=
  let t := row_table r in
  let n := length t in
  match find_identity t with
  | None => 0
  | Some e =>
    let inverses := inverse_table t e in
    if group t generators && inverses_ok n (table_product t) e (fun x => nth x inverses O) &&
       gsets_ok n m (table_product t) e generators (gsets_in C)
    then count_even a n m e r C
    else 0
  end.

(** ** Its soundness *)
Lemma lsum_map (A B : Type) (h : A -> B) (f : B -> Z) l : lsum f (map h l) = lsum (fun a => f (h a)) l.
Proof. induction l; simpl; [reflexivity|]. rewrite IHl. reflexivity. Qed.

Lemma bounded_sum n f A B : (forall i, (i < n)%nat -> bounded (f i) (A i) (B i)) -> bounded (sum n f) (sum n A) (sum n B).
Proof.
  induction n; intros H; simpl.
  - exists 0. unfold schwarz. lia.
  - destruct (IHn ltac:(intros; apply H; lia)) as [S [H1 H2]]. destruct (H n ltac:(lia)) as [S' [H3 H4]].
    exists (S + S'). split; [lia|]. apply schwarz_plus; assumption.
Qed.

Lemma bounded_lsum (X : Type) (f A B : X -> Z) l :
  (forall a, In a l -> bounded (f a) (A a) (B a)) -> bounded (lsum f l) (lsum A l) (lsum B l).
Proof.
  induction l as [|a l IH]; intros H; simpl.
  - exists 0. unfold schwarz. lia.
  - destruct (IH (fun b Hb => H b (or_intror Hb))) as [S [H1 H2]]. destruct (H a (or_introl eq_refl)) as [S' [H3 H4]].
    exists (S' + S). split; [lia|]. apply schwarz_plus; assumption.
Qed.

Lemma bounded_more v v' A B B' : bounded v' A B -> v <= v' -> B <= B' -> bounded v A B'.
Proof.
  intros [S [H1 [H2 [H3 H4]]]] Hv HB. exists S. split; [lia|]. split; [exact H2|]. split; [lia|]. nia.
Qed.

Section EvenSound.
  Variables (n m : nat) (op : nat -> nat -> nat) (e : nat) (inv : nat -> nat) (generators : list nat).
  Variables (r : rounded) (C : even_circuit).
  Hypothesis closed : forall x y, (x < n)%nat -> (y < n)%nat -> (op x y < n)%nat.
  Hypothesis assoc : forall x y z, (x < n)%nat -> (y < n)%nat -> (z < n)%nat -> op (op x y) z = op x (op y z).
  Hypothesis identity : forall x, (x < n)%nat -> op e x = x /\ op x e = x.
  Hypothesis induction : inductive n op generators e.
  Hypothesis inverse : forall x, (x < n)%nat -> (inv x < n)%nat /\ op (inv x) x = e /\ op x (inv x) = e.
  Hypothesis ok : gsets_ok n m op e generators (gsets_in C) = true.
  Hypothesis fit : even_fit r C = true.
  Let N' := rounded_network m r.
  Let reads := largest_of largest (rows_left r) + largest (gammas_of (gsets_in C)).

  Lemma in_gsets S : In S (even_sets C) -> In (gset_of S) (gsets_in C).
  Proof. apply in_map. Qed.

  Lemma even_facts S : In S (even_sets C) ->
    action n op e (size (gset_of S)) (move_of (gset_of S)).
  Proof.
    intros HS. apply (gset_facts n m op e generators (gsets_in C) closed assoc identity induction ok), in_gsets, HS.
  Qed.

  Lemma fit_at S c : In S (even_sets C) -> (c < size (gset_of S))%nat ->
    reads < 2 ^ 62 /\ units_fit reads (map (unit_at C) (members_of (gset_of S) c)) = true /\
    forall d, (d < size (gset_of S))%nat ->
      total (map (fun E => even_write C d (fst E)) (members_of (gset_of S) c)) * reads < 2 ^ 62.
  Proof.
    intros HS Hc. pose proof fit as F. unfold even_fit in F. cbv zeta in F. fold reads in F.
    rewrite andb_true_iff, Z.ltb_lt, forallb_forall in F. destruct F as [F1 F2]. split; [exact F1|].
    specialize (F2 _ (in_gsets S HS)). rewrite all_spec in F2. specialize (F2 c Hc).
    rewrite andb_true_iff, all_spec in F2. destruct F2 as [F2 F3]. split; [exact F2|].
    intros d Hd. apply Z.ltb_lt, F3, Hd.
  Qed.

  (** What the neurons at c write on d when they read c'. *)
  Definition even_table (S : even_set) (x c d c' : nat) : Z :=
    lsum (fun E => even_write C d (fst E) * relu (left N' x (fst E) + gamma_of E c')) (members_of (gset_of S) c) -
    zentry (potentials (gset_of S)) c c'.

  Lemma even_table_entry S x c d c' : In S (even_sets C) ->
    (c < size (gset_of S))%nat -> (d < size (gset_of S))%nat -> (c' < size (gset_of S))%nat ->
    nth c' (nth d (point_table (nth x (rows_left r) nil) (even_point C (size (gset_of S)) (members_of (gset_of S) c) (nth c (potentials (gset_of S)) nil))) nil) 0 =
    even_table S x c d c'.
  Proof.
    intros HS Hc Hd Hc'. destruct (fit_at S c HS Hc) as [F1 [_ F2]].
    apply (point_value _ _ _ (size (gset_of S)) (size (gset_of S)) (even_write C)
             (largest_of largest (rows_left r)) (largest (gammas_of (gsets_in C))) d c');
      [apply largest_of_nonneg|apply largest_nonneg|exact F1|intros i; apply nth_rows_largest| |exact (F2 d Hd)|exact Hd|exact Hc'].
    intros E HE. apply (gamma_bound (gsets_in C) (gset_of S) c); [apply in_gsets, HS|exact HE].
  Qed.

  Lemma unlike_spec S x c d c' : In S (even_sets C) -> (x < n)%nat ->
    (c < size (gset_of S))%nat -> (d < size (gset_of S))%nat -> (c' < size (gset_of S))%nat ->
    let T := point_table (nth x (rows_left r) nil) (even_point C (size (gset_of S)) (members_of (gset_of S) c) (nth c (potentials (gset_of S)) nil)) in
    Z.abs (even_table S x c (move_of (gset_of S) x d) c' - nth c' (alike_at S c d) 0) <=
    unlike (size (gset_of S)) T (alike_at S c) (move_of (gset_of S) x).
  Proof.
    intros HS Hx Hc Hd Hc' T. destruct (even_facts S HS) as [Hr _].
    rewrite <- (even_table_entry S x c _ c' HS Hc (Hr x d Hx Hd) Hc'). fold T. unfold unlike. cbv zeta.
    eapply Z.le_trans; [|apply (most_spec (size (gset_of S)) (fun d => most (size (gset_of S)) (fun c' =>
      Z.abs (nth c' (nth (move_of (gset_of S) x d) T nil) 0 - nth c' (alike_at S c d) 0))) d Hd)].
    apply (most_spec (size (gset_of S)) (fun c' =>
      Z.abs (nth c' (nth (move_of (gset_of S) x d) T nil) 0 - nth c' (alike_at S c d) 0)) c' Hc').
  Qed.

  (** The activation that the neuron is taken to have. *)
  Definition taken (S : even_set) (x y c : nat) (E : nat * list Z) : Z :=
    relu (left N' x (fst E) + gamma_of E (move_of (gset_of S) y c)).

  (** What is left of unembed against those activations. *)
  Lemma left_over_bound sign x y z : (x < n)%nat -> (y < n)%nat ->
    lsum (fun S => sum (size (gset_of S)) (fun c => lsum (fun E =>
      sign * left_over r C (gset_of S) z c E * taken S x y c E) (members_of (gset_of S) c))) (even_sets C) <=
    Z.sqrt_up (left_over_squares r C sign z) *
    Z.sqrt_up (lsum (fun S => sum (size (gset_of S)) (fun c =>
      squares_at C (nth x (rows_left r) nil) (size (gset_of S)) (members_of (gset_of S) c))) (even_sets C)).
  Proof.
    intros Hx Hy. apply bounded_length. unfold left_over_squares. cbv zeta.
    apply bounded_lsum. intros S HS. apply bounded_sum. intros c Hc.
    destruct (even_facts S HS) as [Hr _]. destruct (fit_at S c HS Hc) as [F1 [F2 _]].
    set (G := gset_of S) in *. set (mem := members_of G c) in *. set (row := nth x (rows_left r) nil).
    set (c' := move_of G y c). assert (Hc' : (c' < size G)%nat) by (apply Hr; assumption).
    set (ds := map (fun E => relu (sign * left_over r C G z c E)) mem).
    set (zls := map (fun E => nth (fst E) row 0) mem). set (zgs := map (fun E => gamma_of E c') mem).
    assert (Hlen : forall (A : Type) (f : nat * list Z -> A), length (map f mem) = length mem) by (intros; apply map_length).
    assert (Hls : forall a, In a zls -> Z.abs a <= largest_of largest (rows_left r)).
    { intros a Ha. apply in_map_iff in Ha. destruct Ha as [E [<- _]]. apply nth_rows_largest. }
    assert (Hgs : forall b, In b zgs -> Z.abs b <= largest (gammas_of (gsets_in C))).
    { intros b Hb. apply in_map_iff in Hb. destruct Hb as [E [<- HE]].
      apply (gamma_bound (gsets_in C) G c); [apply in_gsets, HS|exact HE]. }
    assert (Value : zhiddens zls zgs = map (fun E => taken S x y c E) mem).
    { unfold zls, zgs. rewrite zhiddens_map. reflexivity. }
    pose proof (largest_of_nonneg largest (rows_left r)) as HL. pose proof (largest_nonneg (gammas_of (gsets_in C))) as HR.
    assert (Hb : forall v, In v (zhiddens zls zgs) -> Z.abs v <= reads).
    { intros v Hv. unfold zls, zgs in Hv. rewrite zhiddens_map in Hv. apply in_map_iff in Hv. destruct Hv as [E [<- HE]].
      pose proof (nth_rows_largest (rows_left r) x (fst E)) as H1.
      pose proof (gamma_bound (gsets_in C) G c E c' (in_gsets S HS) HE) as H2.
      fold row in H1. unfold reads, relu. lia. }
    pose proof (scaled_schwarz reads (map (unit_at C) mem) (readings_at row mem c') ds (zhiddens zls zgs) F2
      (stands_hiddens _ _ zls zgs HL HR F1 Hls Hgs) Hb
      ltac:(unfold ds; rewrite !Hlen; reflexivity) ltac:(rewrite Value, !Hlen; reflexivity)) as B.
    eapply bounded_more; [exact B| |].
    - rewrite Value. unfold ds. rewrite zdot_map. eapply Z.le_trans; [|apply (proj1 (Z.abs_le _ _) (Z.le_refl _))].
      apply lsum_le. intros E _. cbv beta. unfold taken.
      set (h := relu _). assert (0 <= h) by (unfold h, relu; lia).
      apply Z.mul_le_mono_nonneg_r; [assumption|]. unfold relu. lia.
    - unfold squares_at.
      apply (most_spec (size G) (fun c' => to_Z (squares 0 (ceilings (map (unit_at C) mem) (readings_at row mem c')))) c' Hc').
  Qed.

  (** One set: the right answer against z = x w y. *)
  Lemma even_margin S x y w z (V : nat -> nat -> Z) g v :
    In S (even_sets C) -> (x < n)%nat -> (y < n)%nat -> (w < n)%nat -> z = op (op x w) y ->
    (forall E c, (c < size (gset_of S))%nat -> In E (members_of (gset_of S) c) ->
       Z.abs (unembed N' (fst E) (op x y) - unembed N' (fst E) z) <= V c (fst E)) ->
    let G := gset_of S in
    let R := fun c d c' => nth c' (alike_at S c d) 0 in
    (forall c d c', (c < size G)%nat -> (d < size G)%nat -> (c' < size G)%nat ->
       Z.abs (even_table S x c (move_of G x d) c' - R c d c') <= v c) ->
    (forall c c', (c < size G)%nat -> (c' < size G)%nat -> c' <> move_of G (op w y) c ->
       R c (move_of G (op w y) c) c' <= R c (move_of G (op w y) c) (move_of G (op w y) c) - g c) ->
    let k := sum (size G) (fun c => if negb (move_of G w c =? c)%nat then 1 else 0) in
    sum (size G) (fun c => R c (move_of G y c) (move_of G y c)) -
    (sum (size G) (fun c => R c (move_of G (op w y) c) (move_of G (op w y) c)) - smallest k (tabulate (size G) g)) +
    smallest k (tabulate (size G) (fun c => - 2 * v c)) +
    sum (size G) (fun c => lsum (fun E =>
      (left_over r C G (op x y) c E - left_over r C G z c E) * taken S x y c E) (members_of G c)) -
    sum (size G) (fun c => lsum (fun E =>
      V c (fst E) * Z.abs (right N' y (fst E) - gamma_of E (move_of G y c))) (members_of G c)) <=
    sum (size G) (fun c => lsum (fun E =>
      (unembed N' (fst E) (op x y) - unembed N' (fst E) z) * relu (left N' x (fst E) + right N' y (fst E))) (members_of G c)).
  Proof.
    intros HS Hx Hy Hw Ez HV G R Hv Hg k. pose proof (even_facts S HS) as Ha. fold G in Ha, HV.
    pose proof (action_bijection n op e inv inverse (size G) (move_of G) y Ha Hy) as Br.
    destruct Ha as [Hr [_ Hop]].
    set (P := fun c => negb (move_of G w (move_of G y c) =? move_of G y c)%nat).
    assert (Hk : k = sum (size G) (fun c => if P c then 1 else 0)).
    { symmetry. unfold P, k.
      apply (sum_bijection (size G) (move_of G y) _ (fun c => if negb (move_of G w c =? c)%nat then 1 else 0) Br). }
    rewrite Hk. pose proof (smallest_sound (size G) g P) as HS1.
    pose proof (smallest_sound (size G) (fun c => - 2 * v c) P) as HS2. cbv beta in HS2.
    set (S1 := smallest _ (tabulate (size G) g)) in *. set (S2 := smallest _ (tabulate (size G) (fun c => - 2 * v c))) in *.
    assert (Step : forall c, (c < size G)%nat ->
      R c (move_of G y c) (move_of G y c) -
      (R c (move_of G (op w y) c) (move_of G (op w y) c) - (if P c then g c else 0)) +
      (if P c then - 2 * v c else 0) +
      lsum (fun E => (left_over r C G (op x y) c E - left_over r C G z c E) * taken S x y c E) (members_of G c) -
      lsum (fun E => V c (fst E) * Z.abs (right N' y (fst E) - gamma_of E (move_of G y c))) (members_of G c) <=
      lsum (fun E =>
        (unembed N' (fst E) (op x y) - unembed N' (fst E) z) * relu (left N' x (fst E) + right N' y (fst E))) (members_of G c)).
    { intros c Hc.
      assert (Hyc : (move_of G y c < size G)%nat) by (apply Hr; assumption).
      assert (Ew : move_of G (op w y) c = move_of G w (move_of G y c)) by (apply Hop; assumption).
      assert (Hwyc : (move_of G (op w y) c < size G)%nat) by (apply Hr; auto).
      assert (E0 : move_of G (op x y) c = move_of G x (move_of G y c)) by (apply Hop; assumption).
      assert (E1 : move_of G z c = move_of G x (move_of G (op w y) c)).
      { rewrite Ez, assoc by assumption. apply Hop; auto. }
      assert (Rival : R c (move_of G y c) (move_of G y c) -
        (R c (move_of G (op w y) c) (move_of G (op w y) c) - (if P c then g c else 0)) + (if P c then - 2 * v c else 0) <=
        even_table S x c (move_of G (op x y) c) (move_of G y c) - even_table S x c (move_of G z c) (move_of G y c)).
      { rewrite E0, E1. unfold P. rewrite <- Ew.
        destruct (Nat.eqb_spec (move_of G (op w y) c) (move_of G y c)) as [E|E]; simpl negb; cbv iota.
        - rewrite E. lia.
        - specialize (Hg c (move_of G y c) Hc Hyc ltac:(congruence)).
          pose proof (Hv c (move_of G y c) (move_of G y c) Hc Hyc Hyc) as H1.
          pose proof (Hv c (move_of G (op w y) c) (move_of G y c) Hc Hwyc Hyc) as H2. lia. }
      assert (Linear : even_table S x c (move_of G (op x y) c) (move_of G y c) - even_table S x c (move_of G z c) (move_of G y c) +
        lsum (fun E => (left_over r C G (op x y) c E - left_over r C G z c E) * taken S x y c E) (members_of G c) -
        lsum (fun E => V c (fst E) * Z.abs (right N' y (fst E) - gamma_of E (move_of G y c))) (members_of G c) <=
        lsum (fun E => (unembed N' (fst E) (op x y) - unembed N' (fst E) z) *
                       relu (left N' x (fst E) + right N' y (fst E))) (members_of G c)).
      { unfold even_table. fold G. set (potential := zentry (potentials G) c (move_of G y c)).
        match goal with |- ?a - ?p - (?b - ?p) + ?d - ?v <= ?t => enough (a - b + d - v <= t) by lia end.
        rewrite <- lsum_minus, <- lsum_plus, <- lsum_minus. apply lsum_le. intros E HE. cbv beta.
        pose proof (HV E c Hc HE) as H1. unfold left_over, taken. fold G.
        change (zentry (rows_unembed r) (op x y) (fst E)) with (unembed N' (fst E) (op x y)).
        change (zentry (rows_unembed r) z (fst E)) with (unembed N' (fst E) z).
        pose proof (relu_lipschitz (left N' x (fst E) + gamma_of E (move_of G y c)) (left N' x (fst E) + right N' y (fst E))) as Hl.
        set (d := unembed N' (fst E) (op x y) - unembed N' (fst E) z) in *.
        set (h := relu (left N' x (fst E) + right N' y (fst E))) in *.
        set (h' := relu (left N' x (fst E) + gamma_of E (move_of G y c))) in *.
        set (rho := Z.abs (right N' y (fst E) - gamma_of E (move_of G y c))).
        assert (Hd : Z.abs (h' - h) <= rho) by (unfold rho; lia).
        assert (Z.abs (d * (h' - h)) <= V c (fst E) * rho)
          by (rewrite Z.abs_mul; apply Z.mul_le_mono_nonneg; lia).
        set (b0 := even_write C (move_of G (op x y) c) (fst E)). set (b1 := even_write C (move_of G z c) (fst E)).
        replace (b0 * h' - b1 * h' + (unembed N' (fst E) (op x y) - b0 - (unembed N' (fst E) z - b1)) * h')
          with (d * h + d * (h' - h)) by (unfold d; ring).
        lia. }
      lia. }
    eapply Z.le_trans; [|apply sum_le; exact Step].
    rewrite !sum_minus, !sum_plus, !sum_minus. lia.
  Qed.
End EvenSound.

(** Theorem 5 (even circuits), for the rounded network. *)
Theorem even_rounded_sound N kl ku a r generators C :
  rounds N kl ku a r -> even_rounded a (width N) r generators C <= right_pairs N.
Proof.
  intros R. unfold even_rounded. cbv zeta.
  set (t := row_table r). set (n := length t). set (op := table_product t). set (m := width N).
  destruct (find_identity t) as [e'|] eqn:He'; [|apply right_pairs_nonneg].
  set (inv := fun x => nth x (inverse_table t e') O).
  match goal with |- (if ?c then _ else _) <= _ => destruct c eqn:H end; [|apply right_pairs_nonneg].
  rewrite !andb_true_iff in H. destruct H as [[G Hinv] Hok].
  apply group_facts in G. fold n op in G. destruct G as [[closed [assoc _]] [e [He [e_in [identity Hind]]]]].
  rewrite He' in He. injection He as ->.
  assert (inverse : forall x, (x < n)%nat -> (inv x < n)%nat /\ op (inv x) x = e /\ op x (inv x) = e).
  { unfold inverses_ok in Hinv. rewrite all_spec in Hinv. intros x Hx. specialize (Hinv x Hx).
    rewrite !andb_true_iff, Nat.ltb_lt, !Nat.eqb_eq in Hinv. destruct Hinv as [[H1 H2] H3].
    split; [exact H1|]. split; [exact H2|exact H3]. }
  clearbody inv. clear Hinv.
  assert (Hn : n = order N) by (apply (shape_table _ _ _ _ _ R)).
  unfold count_even. cbv zeta. set (sets := gsets_in C) in *.
  destruct (even_fit r C) eqn:Fit; [|apply right_pairs_nonneg].
  set (kinds := kinds_of n e sets).
  set (needed := 2 * slack a m (writes_most r) (reads_most r) + 1).
  set (range := bias_range n r).
  set (rest := left_over_length n r C).
  set (outputs := tabulate n (alike_output C)).
  set (worst := fun kind => fold_right Z.max (- 2 ^ 62) (map (fun out => fst out - allowance kind (snd out)) outputs)).
  set (by_y := tabulate n _). set (by_x := tabulate n _).
  unfold right_pairs. rewrite <- Hn. apply sum_le. intros x Hx. cbv beta. apply sum_le. intros y Hy. cbv beta zeta.
  match goal with |- (if ?c then _ else _) <= _ => destruct c eqn:P end; [|destruct (right_answerb N x y); lia].
  unfold by_x, by_y in P. rewrite !tabulate_nth in P by assumption.
  replace (nth y outputs (0, nil)) with (alike_output C y) in P
    by (unfold outputs; rewrite tabulate_nth by exact Hy; reflexivity).
  unfold even_left, reading_errors in P. cbv zeta in P.
  set (row := nth x (rows_left r) nil) in P.
  set (found_x := map (set_at C row x) _) in P.
  set (found_y := map _ (combine sets (map (widths n r) sets))) in P.
  set (fixed := fold_right _ 0 found_y) in P.
  rewrite !combine_maps, map_map, combine_maps, forallb_forall in P. cbn [fst snd] in P.
  assert (Hxy : (op x y < n)%nat) by (apply closed; assumption).
  assert (Hright : right_answer N x y); [|apply right_answerb_spec in Hright; rewrite Hright; lia].
  apply (margin_right N kl ku a r x y R); [lia|lia|].
  unfold margin_above. fold t op n. cbv zeta. change (table_product t x y) with (op x y). fold m needed.
  split; [exact Hxy|]. intros z Hz Hne.
  destruct (middle_of n op e inv closed assoc identity inverse x y z Hx Hy Hz) as [w [Hw [Hxw Hwe]]].
  specialize (Hwe Hne).
  specialize (P _ (in_map _ _ _ (kinds_cover n e sets w Hw Hwe))). cbn [fst snd] in P. apply Z.leb_le in P.
  destruct (quotient n op e inv closed assoc identity inverse x y w Hx Hy Hw) as [_ Hcz]. rewrite Hxw in Hcz.
  set (kind := kind_of sets w) in P. set (s := op w y). assert (Hs : (s < n)%nat) by (apply closed; assumption).
  (* the rival *)
  assert (Hrival : fst (alike_output C s) - allowance kind (snd (alike_output C s)) <= worst kind).
  { apply fold_max_spec. apply (in_map (fun out => fst out - allowance kind (snd out))).
    unfold outputs, tabulate. apply in_map, in_seq. lia. }
  set (G_of := gset_of) in *.
  assert (Facts : forall S v, In S (even_sets C) -> (v < n)%nat ->
    fst (alike_found S v) = sum (size (G_of S)) (fun c =>
      nth (move_of (G_of S) v c) (alike_at S c (move_of (G_of S) v c)) 0) /\
    exists g, snd (alike_found S v) = tabulate (size (G_of S)) g /\
      forall c c', (c < size (G_of S))%nat -> (c' < size (G_of S))%nat -> c' <> move_of (G_of S) v c ->
      nth c' (alike_at S c (move_of (G_of S) v c)) 0 <=
      nth (move_of (G_of S) v c) (alike_at S c (move_of (G_of S) v c)) 0 - g c).
  { intros S v HS Hv. destruct (even_facts n m op e generators C closed assoc identity Hind Hok S HS) as [Hr _].
    unfold alike_found. cbv zeta. fold (G_of S).
    apply (own_and_gaps_spec (size (G_of S)) _ (move_of (G_of S) v)
      (fun c c' => nth c' (alike_at S c (move_of (G_of S) v c)) 0)); [reflexivity|].
    intros c Hc. apply Hr; assumption. }
  set (V := fun (_ i : nat) => Z.abs (zentry (rows_unembed r) (op x y) i - zentry (rows_unembed r) z i)).
  set (far := fun S c => unlike (size (G_of S)) (point_table row (nth c (prepare_even C S) (nil, (nil, nil)))) (alike_at S c) (move_of (G_of S) x)).
  set (lost := fun S => set_error (nth y (rows_right r) nil) (G_of S) (widths n r (G_of S)) y).
  set (moved_at := fun S => sum (size (G_of S)) (fun c => if negb (move_of (G_of S) w c =? c)%nat then 1 else 0)).
  set (writes_at := fun S => sum (size (G_of S)) (fun c => lsum (fun E =>
    (left_over r C (G_of S) (op x y) c E - left_over r C (G_of S) z c E) * taken m r S x y c E) (members_of (G_of S) c))).
  assert (Each : forall S, In S (even_sets C) ->
    fst (alike_found S y) - (fst (alike_found S s) - smallest (moved_at S) (snd (alike_found S s))) +
    smallest (moved_at S) (tabulate (size (G_of S)) (fun c => - 2 * far S c)) + writes_at S -
    (fst (lost S) - smallest (moved_at S) (snd (lost S))) <=
    sum (size (G_of S)) (fun c => lsum (fun E =>
      (zentry (rows_unembed r) (op x y) (fst E) - zentry (rows_unembed r) z (fst E)) *
      relu (zentry (rows_left r) x (fst E) + zentry (rows_right r) y (fst E))) (members_of (G_of S) c))).
  { intros S HS. destruct (Facts S y HS Hy) as [F1 _]. destruct (Facts S s HS Hs) as [F2 [g [F3 F4]]].
    rewrite F1, F2, F3.
    pose proof (even_margin n m op e inv generators r C closed assoc identity Hind inverse Hok
      S x y w z V g (far S) HS Hx Hy Hw (eq_sym Hxw) (fun E c _ _ => Z.le_refl _)) as EM.
    cbv zeta in EM. fold (G_of S) in EM. fold s in EM.
    assert (HG : In (G_of S) sets) by (apply (in_gsets C S), HS).
    destruct (gset_facts n m op e generators sets closed assoc identity Hind Hok (G_of S) HG) as [[Gr [Ge Gop]] _].
    assert (SE := set_error_sound n m op e inv generators sets r closed assoc identity Hind inverse Hok (G_of S) y w V HG Hy Hw).
    cbv zeta in SE. fold (lost S) in SE. fold (moved_at S) in SE, EM. fold (writes_at S) in EM.
    assert (Hfar : forall c d c', (c < size (G_of S))%nat -> (d < size (G_of S))%nat -> (c' < size (G_of S))%nat ->
      Z.abs (even_table m r C S x c (move_of (G_of S) x d) c' - nth c' (alike_at S c d) 0) <= far S c).
    { intros c d c' Hc Hd Hc'. unfold far, prepare_even. cbv zeta. fold (G_of S). rewrite tabulate_nth by exact Hc.
      apply (unlike_spec n m op e generators r C closed assoc identity Hind Hok Fit S x c d c' HS Hx Hc Hd Hc'). }
    specialize (EM Hfar F4).
    eapply Z.le_trans; [|exact EM]. apply Z.sub_le_mono_l. apply SE.
    - intros c Hc Hmoved. split; [intros E HE; unfold V; apply ranged; apply in_seq; lia|].
      exists (move_of (G_of S) (op x y) c), (move_of (G_of S) z c). split; [apply Gr; assumption|]. split; [apply Gr; assumption|]. split.
      + rewrite <- Hxw, (Gop (op x w) y c (closed x w Hx Hw) Hy Hc), (Gop x w _ Hx Hw (Gr y c Hy Hc)), (Gop x y c Hx Hy Hc).
        intros Eq. apply Hmoved.
        pose proof (action_bijection n op e inv inverse (size (G_of S)) (move_of (G_of S)) x (conj Gr (conj Ge Gop)) Hx) as Bx.
        destruct (Bx _ (Gr y c Hy Hc)) as [_ [_ [_ B0]]]. destruct (Bx _ (Gr w _ Hw (Gr y c Hy Hc))) as [_ [_ [_ B1]]].
        rewrite <- B1, <- Eq. exact B0.
      + intros E u HE. unfold V. apply ranged_away; apply filter_In; (split; [apply in_seq; lia|apply Nat.eqb_eq; reflexivity]).
    - intros c Hc Hfixed. exists (move_of (G_of S) (op x y) c). split; [apply Gr; assumption|].
      intros E HE. unfold V. apply ranged; apply filter_In; (split; [apply in_seq; lia|apply Nat.eqb_eq]); [reflexivity|].
      rewrite <- Hxw, (Gop (op x w) y c (closed x w Hx Hw) Hy Hc), (Gop x w _ Hx Hw (Gr y c Hy Hc)), (Gop x y c Hx Hy Hc), Hfixed.
      reflexivity. }
  pose proof (lsum_le _ _ _ (even_sets C) Each) as All. rewrite !lsum_minus, !lsum_plus, !lsum_minus in All. cbv beta in All.
  (* what is left of unembed *)
  set (squares_x := lsum (fun S => sum (size (G_of S)) (fun c =>
    squares_at C row (size (G_of S)) (members_of (G_of S) c))) (even_sets C)).
  assert (Left : - (rest * Z.sqrt_up squares_x) <= lsum writes_at (even_sets C)).
  { pose proof (left_over_bound n m op e generators r C closed assoc identity Hind Hok Fit (-1) x y (op x y) Hx Hy) as B0.
    pose proof (left_over_bound n m op e generators r C closed assoc identity Hind Hok Fit 1 x y z Hx Hy) as B1.
    fold row G_of squares_x in B0, B1.
    pose proof (Z.sqrt_up_nonneg squares_x).
    pose proof (most_spec n (fun z => Z.sqrt_up (left_over_squares r C (-1) z)) (op x y) Hxy) as M0.
    pose proof (most_spec n (fun z => Z.sqrt_up (left_over_squares r C 1 z)) z Hz) as M1. cbv beta in M0, M1.
    assert (E : lsum writes_at (even_sets C) =
      - lsum (fun S => sum (size (G_of S)) (fun c => lsum (fun E =>
          -1 * left_over r C (G_of S) (op x y) c E * taken m r S x y c E) (members_of (G_of S) c))) (even_sets C) -
      lsum (fun S => sum (size (G_of S)) (fun c => lsum (fun E =>
          1 * left_over r C (G_of S) z c E * taken m r S x y c E) (members_of (G_of S) c))) (even_sets C)).
    { match goal with |- _ = - ?a - ?b => replace (- a - b) with (-1 * a - b) by ring end.
      rewrite <- lsum_scale, <- lsum_minus. apply lsum_ext. intros S _. unfold writes_at.
      rewrite <- sum_scale, <- sum_minus. apply sum_ext. intros c _.
      rewrite <- lsum_scale, <- lsum_minus. apply lsum_ext. intros E _. ring. }
    rewrite E. unfold rest, left_over_length. nia. }
  (* the allowances, set by set *)
  assert (Found_x : fold_right (fun f acc => fst f + acc) 0 found_x = squares_x).
  { unfold found_x. rewrite map_map, fold_map_lsum. reflexivity. }
  assert (Unlikes : allowance kind (map snd found_x) =
    lsum (fun S => smallest (moved_at S) (tabulate (size (G_of S)) (fun c => - 2 * far S c))) (even_sets C)).
  { unfold found_x, kind, kind_of, sets, gsets_in. rewrite !map_map, allowance_map. reflexivity. }
  assert (Found_y : found_y = map lost (even_sets C)).
  { unfold found_y. rewrite combine_map, map_map. unfold sets, gsets_in. rewrite map_map. reflexivity. }
  assert (Alike : forall v, fst (alike_output C v) = lsum (fun S => fst (alike_found S v)) (even_sets C) /\
    allowance kind (snd (alike_output C v)) = lsum (fun S => smallest (moved_at S) (snd (alike_found S v))) (even_sets C)).
  { intros v. unfold alike_output. cbv zeta. cbn [fst snd]. rewrite fold_map_lsum, map_map. split; [reflexivity|].
    unfold kind, kind_of, sets, gsets_in. rewrite map_map, allowance_map. reflexivity. }
  assert (Gains : allowance kind (map snd found_y) = lsum (fun S => smallest (moved_at S) (snd (lost S))) (even_sets C)).
  { rewrite Found_y, map_map. unfold kind, kind_of, sets, gsets_in. rewrite map_map, allowance_map. reflexivity. }
  rewrite Found_x, Unlikes, Gains in P. unfold fixed in P. rewrite Found_y, fold_map_lsum in P.
  destruct (Alike y) as [A1 _]. destruct (Alike s) as [A2 A3]. rewrite A2, A3 in Hrival. rewrite A1 in P.
  (* the two outputs of the rounded network *)
  assert (Range : nth z (row_bias r) 0 - nth (op x y) (row_bias r) 0 <= range).
  { pose proof (top_spec n (fun z => nth z (row_bias r) 0) z Hz) as H1.
    pose proof (top_spec n (fun z => - nth z (row_bias r) 0) (op x y) Hxy) as H2.
    cbv beta in H1, H2. unfold range, bias_range. lia. }
  assert (Margin : logit (rounded_network m r) x y (op x y) - logit (rounded_network m r) x y z =
    lsum (fun S => sum (size (G_of S)) (fun c => lsum (fun E =>
      (zentry (rows_unembed r) (op x y) (fst E) - zentry (rows_unembed r) z (fst E)) *
      relu (zentry (rows_left r) x (fst E) + zentry (rows_right r) y (fst E))) (members_of (G_of S) c))) (even_sets C) +
    (nth (op x y) (row_bias r) 0 - nth z (row_bias r) 0)).
  { pose proof (by_points n m op e generators sets closed assoc identity Hind Hok (fun i =>
      (zentry (rows_unembed r) (op x y) i - zentry (rows_unembed r) z i) *
      relu (zentry (rows_left r) x i + zentry (rows_right r) y i))) as B.
    unfold sets, gsets_in in B. rewrite lsum_map in B. fold G_of in B. rewrite <- B.
    unfold logit. cbn [width rounded_network unembed bias left right].
    rewrite (sum_ext m (fun i => (zentry (rows_unembed r) (op x y) i - zentry (rows_unembed r) z i) * _)
      (fun i => zentry (rows_unembed r) (op x y) i * relu (zentry (rows_left r) x i + zentry (rows_right r) y i) -
                zentry (rows_unembed r) z i * relu (zentry (rows_left r) x i + zentry (rows_right r) y i)))
      by (intros; ring).
    rewrite sum_minus. ring. }
  rewrite Margin. lia.
Qed.
