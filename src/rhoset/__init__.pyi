# The names of `import rhoset as rs`, each once: type checkers read this file, and so does __init__.py.
from rhoset.api import check as check
from rhoset.api import load as load
from rhoset.api import load_all as load_all
from rhoset.api import train as train
from rhoset.display import Plot as Plot
from rhoset.display import plot as plot
from rhoset.errors import RhosetError as RhosetError
from rhoset.explaining import Circuit as Circuit
from rhoset.explaining import Diagnosis as Diagnosis
from rhoset.explaining import Explanation as Explanation
from rhoset.explaining import Quadrature as Quadrature
from rhoset.explaining import compare as compare
from rhoset.explaining import diagnose as diagnose
from rhoset.explaining import explain as explain
from rhoset.explaining import faithfulness as faithfulness
from rhoset.groups import Group as Group
from rhoset.groups import GSet as GSet
from rhoset.groups import Irrep as Irrep
from rhoset.groups import RhoSet as RhoSet
from rhoset.groups import RhoSetFamily as RhoSetFamily
from rhoset.groups import Subgroup as Subgroup
from rhoset.groups import fourier as fourier
from rhoset.groups import group as group
from rhoset.groups import inverse_fourier as inverse_fourier
from rhoset.groups import irreps as irreps
from rhoset.groups import minimal_rho_set as minimal_rho_set
from rhoset.groups import rho_set_families as rho_set_families
from rhoset.groups import subgroup_classes as subgroup_classes
from rhoset.networks import Evaluation as Evaluation
from rhoset.networks import Network as Network
from rhoset.networks import evaluate as evaluate
from rhoset.networks import hidden as hidden
from rhoset.networks import logits as logits
from rhoset.networks import write_network as write_network
from rhoset.networks.constructing import CircuitPlan as CircuitPlan
from rhoset.networks.constructing import Planted as Planted
from rhoset.networks.constructing import construct as construct
from rhoset.prove import CertifyResult as CertifyResult
from rhoset.prove import certify as certify
from rhoset_check.verdict import Verdict as Verdict

__version__: str
__all__: list[str]
